/* POST /token, client_credentials with an id and a secret (RFC 6749 4.4), and the same check alone
 * for the requests that only a client may make on web.sock. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "audit.h"
#include "client_auth.h"
#include "entitlement.h"
#include "issue.h"
#include "policy.h"

#include <stdio.h>

static const struct issue_kind client_token = {"client-token", REFUSAL_CLIENT};

static int client_issue(struct call *call, const struct client *client,
                        const struct audience_rule *audience, const char *scope) {
        int64_t began = clock_wall_s();
        char sub[SUB_MAX + 1];
        struct msg_sign_access fields = {
                .kind = (uint8_t)audience->kind,
                .algorithm = (uint8_t)audience->algorithm,
                .client_id = text_of(client->id),
                .audience = text_of(audience->name),
                .scope = text_of(scope),
                .lifetime_s = audience->lifetime_s,
        };

        snprintf(sub, sizeof sub, "client:%s", client->id);
        fields.sub = text_of(sub);
        return issue_token(call, &client_token, began, TEXT_NONE, &fields);
}

static int refuse_grant(struct call *call, const struct msg_ask_client_grant *ask,
                        const struct client *client, enum refusal refusal) {
        if (refusal == REFUSAL_SCOPE)
                return issue_refuse(call, &client_token, TEXT_NONE, refusal,
                                    "client %s has not all of the scope %.*s there", client->id,
                                    TEXT_ARGS(ask->scope));
        return issue_refuse(
                call, &client_token, TEXT_NONE, refusal, "client %s has not the audience %.*s",
                client->id,
                TEXT_ARGS(ask->audience.len > 0 ? ask->audience : text_of(call->settings->issuer)));
}

static int client_grant(struct call *call, const struct msg_ask_client_grant *ask,
                        const struct client *client) {
        const struct entitlement entitlement = entitlement_of_client(client);
        const struct audience_rule *audience = NULL;
        char scope[SCOPE_MAX + 1];
        enum refusal refusal;

        refusal = policy_find_audience(call->settings, ask->audience, &audience);
        if (!refusal && !entitlement_has(&entitlement, audience))
                refusal = REFUSAL_AUDIENCE;
        if (!refusal)
                refusal = entitlement_scope(&entitlement, audience, ask->scope, scope);
        if (refusal)
                return refuse_grant(call, ask, client, refusal);
        return client_issue(call, client, audience, scope);
}

static int refuse_client(struct call *call, const struct issue_kind *kind) {
        return issue_refuse(call, kind, TEXT_NONE, kind->ended,
                            "no such client, disabled or a wrong secret");
}

int answer_client_grant(struct call *call, const union message *message) {
        const struct msg_ask_client_grant *ask = &message->ask_client_grant;
        _cleanup_(client_freep) struct client *client = NULL;
        enum refusal refusal;
        int r;

        audit_keep_client(call, ask->client_id);
        r = client_authenticate(call, ask->client_id, ask->secret, &client, &refusal);
        if (r < 0)
                return r;
        return refusal ? refuse_client(call, &client_token) : client_grant(call, ask, client);
}

int answer_client_check(struct call *call, const union message *message) {
        static const struct issue_kind client_check = {"client-check", REFUSAL_CLIENT};
        const struct msg_ask_client_check *ask = &message->ask_client_check;
        _cleanup_(client_freep) struct client *client = NULL;
        struct msg_answer_client_check answer;
        enum refusal refusal;
        int r;

        audit_keep_client(call, ask->client_id);
        r = client_authenticate(call, ask->client_id, ask->secret, &client, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return refuse_client(call, &client_check);
        answer.client_id = text_of(client->id);
        answer.audiences = text_of(client->audiences);
        return call_answer(call, MSG_ANSWER_CLIENT_CHECK, &answer);
}
