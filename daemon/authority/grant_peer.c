/* POST /token, client_credentials without credentials (RFC 6749 4.4): on jeton.sock the kernel has
 * authenticated the caller. Where a rule for its uid names a unit, units is asked first. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "audit.h"
#include "decision.h"
#include "grant_peer.h"
#include "issue.h"
#include "units.h"

static const struct issue_kind peer_token = {"peer-token", REFUSAL_NO_RULE};

/* What is asked for, while units is looking. */
struct peer_wish {
        char client_id[CLIENT_MAX + 1];
        char audience[AUDIENCE_MAX + 1];
        char scope[SCOPE_MAX + 1];
};

int peer_issue(struct call *call, const struct issue_kind *kind, const struct decision *decision,
               int64_t began) {
        const struct user *user = decision->user;
        bool is_self = decision->rule->is_self;
        struct msg_sign_access fields = {
                .kind = (uint8_t)decision->audience->kind,
                .algorithm = (uint8_t)decision->audience->algorithm,
                .sub = text_of(decision->sub),
                .client_id = text_of(decision->rule->name),
                .audience = text_of(decision->audience->name),
                .scope = text_of(decision->scope),
                .roles = text_of(decision->roles),
                .username = user ? text_of(user->name) : TEXT_NONE,
                .has_uid = is_self,
                .uid = is_self ? call->connection->peer.uid : 0,
                .amr = TEXT("peer"),
                .lifetime_s = decision->lifetime_s,
        };

        return issue_token(call, kind, began, TEXT_NONE, &fields);
}

static int peer_grant(struct call *call, const struct peer *peer, const struct asked *asked) {
        _cleanup_(decision_clear) struct decision decision = {0};
        int64_t began = clock_wall_s();
        int r;

        r = decision_make(call, peer, asked, &decision);
        if (r < 0)
                return r;
        if (decision.rule || asked->client_id.len > 0)
                audit_keep_client(call,
                                  decision.rule ? text_of(decision.rule->name) : asked->client_id);
        if (decision.refusal)
                return issue_refuse(call, &peer_token, text_of(decision.sub), decision.refusal,
                                    "%s", decision.reason);
        return peer_issue(call, &peer_token, &decision, began);
}

static int peer_placed(struct call *call, struct text unit) {
        _cleanup_(freep) struct peer_wish *wish = take(call->step.peer_wish);
        const struct asked asked = {text_of(wish->client_id), text_of(wish->audience),
                                    text_of(wish->scope)};
        struct peer peer = call->connection->peer;

        peer.unit = unit;
        return peer_grant(call, &peer, &asked);
}

static int unit_ask(struct call *call, const struct asked *asked) {
        struct peer_wish *wish = calloc(1, sizeof *wish);

        if (!wish)
                return -ENOMEM;
        call->step.peer_wish = wish;
        call->free_step = free;
        if (text_copy(asked->client_id, wish->client_id, sizeof wish->client_id) < 0 ||
            text_copy(asked->audience, wish->audience, sizeof wish->audience) < 0 ||
            text_copy(asked->scope, wish->scope, sizeof wish->scope) < 0)
                return -EINVAL;
        return units_ask(call, peer_placed);
}

int answer_peer_grant(struct call *call, const union message *message) {
        const struct msg_ask_peer_grant *ask = &message->ask_peer_grant;
        const struct asked asked = {ask->client_id, ask->audience, ask->scope};
        const struct peer *peer = &call->connection->peer;

        if (!peer->is_known)
                return call_refuse(call, REFUSAL_CLIENT_NEEDED);
        if (identity_asks_unit(call->settings, peer))
                return unit_ask(call, &asked);
        return peer_grant(call, peer, &asked);
}
