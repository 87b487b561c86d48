/* From a login that is proved to its tokens:
 *
 *         grant_decide()       which scope is granted
 *         grant_give()         what is to be signed
 *         grant_take_token()   the signer has signed
 *         grant_write()        commit: the session has its refresh token
 *
 * What cannot be stored is left out: nothing durable is on the way of the access token. */
#include "grant.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "entitlement.h"
#include "grant_refresh.h"
#include "grant_outside.h"
#include "policy.h"
#include "refresh.h"
#include "renewal.h"
#include "signing.h"
#include "sources.h"

#include <stdio.h>

static void grant_free(void *step) {
        struct grant *grant = step;

        secret_free(grant->access_token);
        explicit_bzero(grant, sizeof *grant);
        free(grant);
}

struct grant *grant_new(struct call *call, struct text username, const char *method) {
        struct grant *grant = calloc(1, sizeof *grant);

        if (!grant)
                return NULL;
        audit_keep_name(username, grant->username);
        grant->method = method;
        grant->began = clock_wall_s();
        call->step.grant = grant;
        call->free_step = grant_free;
        return grant;
}

enum refusal grant_ask(const struct call *call, struct grant *grant, struct text client_id,
                       struct text audience, struct text scope) {
        if (client_id.len > 0 && !text_is(client_id, TEXT(WIRE_CLIENT_LOCAL)))
                return REFUSAL_CLIENT;
        if (text_copy(scope, grant->asked_scope, sizeof grant->asked_scope) < 0)
                return REFUSAL_SCOPE;
        return policy_find_audience(call->settings, audience, &grant->audience);
}

/* ---- the steps, last one first ---- */

/* Their access tokens live out their minutes: to revoke them would fill the status page for whoever
 * logs in without end. */
static void grant_audit_trimmed(const struct call *call) {
        const struct sessions_trimmed *trimmed = &call->step.grant->trimmed;
        char detail[SID_LEN + 32];
        size_t i;

        for (i = 0; i < trimmed->count; i++) {
                snprintf(detail, sizeof detail, "reason=limit sid=%s", trimmed->of[i].sid);
                audit_beside(call, "session-end", text_of(trimmed->of[i].username), detail);
        }
}

static int grant_answer(struct call *call) {
        const struct grant *grant = call->step.grant;
        struct msg_answer_token answer = {
                .access_token = secret_text(grant->access_token),
                .expires_in_s = grant->expires_in_s,
                .scope = text_of(grant->scope),
                .refresh_token = text_of(grant->refresh_token),
        };
        char detail[256 + OUTSIDE_DETAIL_MAX];

        snprintf(detail, sizeof detail, "jti=%s sid=%s%s%s", grant->jti, grant->sid,
                 source_detail(call), outside_detail(call));
        audit(call, "login", "granted", text_of(grant->username), detail);
        grant_audit_trimmed(call);
        renewal_begin(call);
        return call_answer(call, MSG_ANSWER_TOKEN, &answer);
}

/* -ESTALE: what he was issued until now has been revoked since he asked. */
static int grant_check_ended(const struct call *call) {
        const struct grant *grant = call->step.grant;
        const struct holder holder = {text_of(grant->sub), text_of(grant->sid),
                                      TEXT(WIRE_CLIENT_LOCAL)};
        bool ended = false;
        int r;

        r = sessions_were_ended(call, &holder, grant->began, &ended);
        return r == 0 && ended ? -ESTALE : r;
}

static int grant_write(struct call *call, struct transaction *transaction) {
        struct grant *grant = call->step.grant;
        int r;

        r = grant_check_ended(call);
        if (r < 0)
                return r;
        r = sessions_add(transaction, &grant->session, &grant->trimmed);
        if (r < 0)
                log_warning("a login gets no refresh token: %s",
                            store_error(call->authority->store));
        return r;
}

static int grant_answer_without(struct call *call) {
        struct grant *grant = call->step.grant;
        int r;

        explicit_bzero(grant->refresh_token, sizeof grant->refresh_token);
        grant->trimmed.count = 0;
        r = grant_check_ended(call);
        if (r == -ESTALE)
                return call_refuse_login(call, REFUSAL_CREDENTIALS);
        return r < 0 ? r : grant_answer(call);
}

static int grant_not_stored(struct call *call, int error) {
        (void)error;
        return grant_answer_without(call);
}

static int grant_open_session(struct call *call) {
        struct grant *grant = call->step.grant;
        struct session *session = &grant->session;

        *session = (struct session){
                .user_id = call->user->id,
                .client_id = WIRE_CLIENT_LOCAL,
                .auth_time = grant->auth_time,
        };
        snprintf(session->amr, sizeof session->amr, "%s", grant->method);
        memcpy(session->sid, grant->sid, sizeof session->sid);
        memcpy(session->scope, grant->scope, sizeof session->scope);
        snprintf(session->audience, sizeof session->audience, "%s", grant->audience->name);
        return session_begin(call, session, grant->refresh_token);
}

static int grant_take_token(struct call *call, const struct msg_signed *token) {
        struct grant *grant = call->step.grant;
        int r;

        r = secret_new(token->token.p, token->token.len, &grant->access_token);
        if (r == 0)
                r = text_copy(token->jti, grant->jti, sizeof grant->jti);
        if (r < 0)
                return r;
        grant->expires_in_s = (uint32_t)(token->expires_at - token->issued_at);
        if (call->settings->refresh && grant_open_session(call) == 0)
                return call_commit(call, grant_write, grant_answer, grant_not_stored);
        return grant_answer_without(call);
}

static int grant_sign(struct call *call) {
        struct grant *grant = call->step.grant;
        const struct user *user = call->user;
        int r;

        r = sid_draw(grant->sid);
        if (r < 0)
                return r;
        snprintf(grant->sub, sizeof grant->sub, "%llu", (unsigned long long)user->id);
        struct msg_sign_access fields = {
                .kind = (uint8_t)grant->audience->kind,
                .sub = text_of(grant->sub),
                .client_id = TEXT(WIRE_CLIENT_LOCAL),
                .audience = text_of(grant->audience->name),
                .scope = text_of(grant->scope),
                .roles = text_of(user->roles),
                .username = text_of(user->name),
                .has_uid = user->has_uid,
                .uid = user->uid,
                .sid = text_of(grant->sid),
                .auth_time = grant->auth_time,
                .amr = text_of(grant->method),
                .lifetime_s = grant->audience->lifetime_s,
                .algorithm = (uint8_t)grant->audience->algorithm,
        };
        return sign_ask_access(call, &fields, grant_take_token);
}

/* Who he is was right; which rule is missing is for the log. */
int grant_refuse(struct call *call, enum refusal refusal) {
        const struct grant *grant = call->step.grant;
        char detail[AUDIENCE_MAX + sizeof(struct log_escaped) + 64];

        snprintf(detail, sizeof detail, "reason=policy error=%.*s audience=\"%s\" scope=\"%s\"",
                 TEXT_ARGS(refusal_get(refusal)->error), grant->audience->name,
                 log_escape(text_of(grant->asked_scope)).text);
        audit(call, "login", "refused", text_of(grant->username), detail);
        return call_refuse(call, refusal);
}

/* Nobody administers by the word of others. */
enum refusal grant_decide(struct call *call) {
        struct text roles = text_of(call->user->roles);
        struct entitlement person = entitlement_of_person(roles);
        struct grant *grant = call->step.grant;

        if (strcmp(grant->method, METHOD_OUTSIDE) == 0)
                person = entitlement_of_guest(roles);
        if (!entitlement_has(&person, grant->audience))
                return REFUSAL_AUDIENCE;
        return entitlement_scope(&person, grant->audience, text_of(grant->asked_scope),
                                 grant->scope);
}

int grant_give(struct call *call, int64_t auth_time) {
        call->step.grant->auth_time = auth_time > 0 ? auth_time : clock_wall_s();
        return grant_sign(call);
}
