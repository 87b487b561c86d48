/* POST /token, the refresh grant (RFC 6749 6): a refresh token becomes an access token and the
 * refresh token after it.
 *
 *         answer_refresh_grant()    which session is it, has it ended, is the token the newest
 *         grant_settle()            may the user still have what he asks for
 *         rotate_write()            commit: from here on the successor is the newest
 *         grant_answer_token()      the signer has signed
 *
 * Everything that can be refused is refused before the commit, so that a refused request leaves the
 * token as good as it was. */
#include "grant_refresh.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/wire/wire.h"
#include "answers.h"
#include "audit.h"
#include "client_auth.h"
#include "entitlement.h"
#include "policy.h"
#include "sessions.h"
#include "signing.h"

#include <inttypes.h>
#include <stdio.h>

/* Whoever calls through the proxy is no uid: his sessions count for the user alone. */
_Static_assert(SESSIONS_OF_NOBODY == BUDGET_WEB, "a connection's share is a session's");

struct refresh_grant {
        struct session session;
        struct refresh_token presented;
        const struct audience_rule *audience; /* borrowed: the call holds its settings */
        char scope[SCOPE_MAX + 1];            /* of the access token */
        char successor[REFRESH_TOKEN_LEN + 1];
        char sub[24];
        int64_t began;
};

/* ---- a login begins a session ---- */

int session_begin(const struct call *call, struct session *session,
                  char ret[REFRESH_TOKEN_LEN + 1]) {
        _cleanup_(refresh_clear) struct refresh_token token = {.sid = {0}};
        int r;

        /* An outside issuer's login may be older than the session may become. */
        session->used_at = clock_wall_s();
        session->charged_to = budget_owner(call->connection->charged_to);
        session->expires_at = session->used_at + call->settings->refresh_lifetime_s;
        r = refresh_begin(session, &token);
        if (r == 0)
                refresh_write(&token, ret);
        return r;
}

/* ---- a refresh token is presented ---- */

static void grant_free(void *step) {
        explicit_bzero(step, sizeof(struct refresh_grant));
        free(step);
}

static struct refresh_grant *grant_new(struct call *call) {
        struct refresh_grant *grant = calloc(1, sizeof *grant);

        if (!grant)
                return NULL;
        grant->began = clock_wall_s();
        call->step.refresh = grant;
        call->free_step = grant_free;
        return grant;
}

static int refuse(struct call *call, enum refusal refusal, const char *reason) {
        const struct refresh_grant *grant = call->step.refresh;
        char detail[64];

        snprintf(detail, sizeof detail, "reason=%s", reason);
        audit(call, "refresh", "refused", text_of(grant->session.username), detail);
        return call_refuse(call, refusal);
}

static bool has_ended(const struct call *call, const struct session *session, int64_t now) {
        return now >= session->expires_at ||
               now >= session->used_at + (int64_t)call->settings->refresh_idle_s;
}

/* -ENOENT: no session has this token, or it has ended. */
static int session_load(struct call *call, struct text token, struct refresh_grant *grant) {
        char sid[SID_LEN + 1];
        int r;

        if (refresh_parse(token, &grant->presented) < 0)
                return -ENOENT;
        refresh_sid(&grant->presented, sid);
        r = sessions_find(call->authority->store, text_of(sid), &grant->session);
        if (r < 0)
                return r;
        snprintf(grant->sub, sizeof grant->sub, "%" PRIu64, grant->session.user_id);
        snprintf(call->sid, sizeof call->sid, "%s", grant->session.sid);
        snprintf(call->client, sizeof call->client, "%s", grant->session.client_id);
        return has_ended(call, &grant->session, clock_wall_s()) ? -ENOENT : 0;
}

static int family_write(struct call *call, struct transaction *transaction) {
        const struct refresh_grant *grant = call->step.refresh;
        struct revoked revoked = revoked_session(grant->session.sid, grant->sub);

        return sessions_revoke(call->authority, transaction, &revoked);
}

static int family_ended(struct call *call) {
        call->authority->counts[COUNT_REUSED]++;
        return refuse(call, REFUSAL_REFRESH, "replayed");
}

/* RFC 9700 4.14.2: whoever comes second may be the thief or the robbed; both lose it. */
static int family_end(struct call *call) {
        return call_commit(call, family_write, family_ended, call_fail);
}

/* Whether the session has ended while the token was with the signer. */
static int session_was_ended(const struct call *call, bool *ret) {
        const struct refresh_grant *grant = call->step.refresh;
        const struct holder holder = {text_of(grant->sub), text_of(grant->session.sid),
                                      text_of(grant->session.client_id)};
        struct session session;
        bool ended;
        int r;

        r = sessions_were_ended(call, &holder, grant->began, &ended);
        if (r == 0 && !ended)
                r = sessions_find(call->authority->store, text_of(grant->session.sid), &session);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = ended || r == -ENOENT;
        return 0;
}

static int grant_answer_token(struct call *call, const struct msg_signed *token) {
        const struct refresh_grant *grant = call->step.refresh;
        struct msg_answer_token answer = {
                .access_token = token->token,
                .expires_in_s = (uint32_t)(token->expires_at - token->issued_at),
                .scope = text_of(grant->scope),
                .refresh_token = text_of(grant->successor),
        };
        char detail[96];
        bool ended;
        int r;

        r = session_was_ended(call, &ended);
        if (r < 0)
                return r;
        if (ended)
                return refuse(call, REFUSAL_REFRESH, "ended");
        snprintf(detail, sizeof detail, "jti=%.*s sid=%s", TEXT_ARGS(token->jti),
                 grant->session.sid);
        audit(call, "refresh", "granted", text_of(call->user->name), detail);
        return call_answer(call, MSG_ANSWER_TOKEN, &answer);
}

static int grant_sign(struct call *call) {
        const struct refresh_grant *grant = call->step.refresh;
        const struct user *user = call->user;
        struct msg_sign_access fields = {
                .kind = (uint8_t)grant->audience->kind,
                .sub = text_of(grant->sub),
                .client_id = text_of(grant->session.client_id),
                .audience = text_of(grant->audience->name),
                .scope = text_of(grant->scope),
                .roles = text_of(user->roles),
                .username = text_of(user->name),
                .has_uid = user->has_uid,
                .uid = user->uid,
                .sid = text_of(grant->session.sid),
                .auth_time = grant->session.auth_time,
                .amr = text_of(grant->session.amr),
                .lifetime_s = grant->audience->lifetime_s,
                .algorithm = (uint8_t)grant->audience->algorithm,
        };

        return sign_ask_access(call, &fields, grant_answer_token);
}

static int successor_make(struct transaction *transaction, const struct session *session,
                          const struct refresh_token *presented, struct refresh_token *ret) {
        enum refresh_verdict verdict = REFRESH_FOREIGN;
        struct session rotated = *session;
        int r;

        r = refresh_judge(session, presented, clock_wall_s(), &verdict);
        if (r < 0)
                return r;
        if (verdict == REFRESH_RETRIED)
                return refresh_repeat(session, presented, ret);
        if (verdict != REFRESH_NEWEST)
                return -ENOENT;
        r = refresh_rotate(&rotated, presented, clock_wall_s(), ret);
        return r < 0 ? r : sessions_rotate(transaction, &rotated, session->current_hash);
}

/* As the session stands by now: the same token may have been presented twice in one turn, or the
 * session ended. */
static int rotate_write(struct call *call, struct transaction *transaction) {
        _cleanup_(refresh_clear) struct refresh_token successor = {.sid = {0}};
        struct refresh_grant *grant = call->step.refresh;
        struct session session;
        int r;

        r = sessions_find(transaction_store(transaction), text_of(grant->session.sid), &session);
        if (r == 0)
                r = successor_make(transaction, &session, &grant->presented, &successor);
        if (r == 0)
                refresh_write(&successor, grant->successor);
        return r;
}

static int rotate_done(struct call *call) {
        int r = grant_sign(call);

        return r == -ESTALE ? refuse(call, REFUSAL_REFRESH, "ended") : r;
}

static int rotate_failed(struct call *call, int error) {
        return error == -ENOENT ? refuse(call, REFUSAL_REFRESH, "ended") : call_fail(call, error);
}

/* What was granted at the login, as far as the user may still have it; or the part of it that is
 * asked for, whole. */
static enum refusal grant_settle(struct call *call, const struct msg_ask_refresh_grant *ask) {
        struct refresh_grant *grant = call->step.refresh;
        struct text roles = text_of(call->user->roles);
        const struct audience_rule *asked;
        enum refusal refusal;

        refusal = policy_find_audience(call->settings, text_of(grant->session.audience),
                                       &grant->audience);
        if (!refusal && ask->audience.len > 0) {
                refusal = policy_find_audience(call->settings, ask->audience, &asked);
                if (!refusal && asked != grant->audience)
                        refusal = REFUSAL_AUDIENCE;
        }
        if (!refusal && !policy_may_use(grant->audience, roles))
                refusal = REFUSAL_AUDIENCE;
        if (refusal)
                return refusal;
        return policy_narrow_scope(grant->audience, roles, text_of(grant->session.scope),
                                   ask->scope, grant->scope);
}

/* Where passwords are not taken, neither are the sessions that began with one; those that an
 * outside issuer has begun go on. */
static enum refusal session_check(const struct call *call) {
        const struct session *session = &call->step.refresh->session;

        if (!text_is(text_of(session->client_id), TEXT(WIRE_CLIENT_LOCAL)) ||
            text_is(text_of(session->amr), TEXT(METHOD_OUTSIDE)))
                return REFUSAL_NONE;
        return policy_password_grant(call);
}

static int grant_of_user(struct call *call, const struct msg_ask_refresh_grant *ask) {
        enum refusal refusal = session_check(call);
        int r;

        if (refusal)
                return refuse(call, refusal, "policy");
        r = users_find_id(call->authority->store, call->step.refresh->session.user_id, &call->user);
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == -ENOENT || !user_is_active(call->user, clock_wall_s()))
                return refuse(call, REFUSAL_REFRESH, "user");
        refusal = grant_settle(call, ask);
        if (refusal)
                return refuse(call, refusal, "policy");
        return call_commit(call, rotate_write, rotate_done, rotate_failed);
}

/* Which client asks (RFC 6749 6): one that has a secret proves it, one that has none is `local`. */
static int grant_check(struct call *call, const struct msg_ask_refresh_grant *ask,
                       enum refusal *ret_refusal) {
        *ret_refusal = REFUSAL_NONE;
        if (ask->secret.len > 0)
                return client_prove(call, ask->client_id, ask->secret, ret_refusal);
        if (ask->client_id.len > 0 && !text_is(ask->client_id, TEXT(WIRE_CLIENT_LOCAL)))
                *ret_refusal = REFUSAL_CLIENT;
        else if (call->settings->outside_count == 0)
                *ret_refusal = policy_password_grant(call);
        return 0;
}

/* A token is bound to the client it was given to (RFC 6749 6). */
static bool is_of_client(const struct session *session, struct text client_id) {
        struct text asking = client_id.len > 0 ? client_id : TEXT(WIRE_CLIENT_LOCAL);

        return text_is(text_of(session->client_id), asking);
}

int answer_refresh_grant(struct call *call, const union message *message) {
        const struct msg_ask_refresh_grant *ask = &message->ask_refresh_grant;
        struct refresh_grant *grant = grant_new(call);
        enum refresh_verdict verdict = REFRESH_FOREIGN;
        enum refusal refusal;
        int r;

        if (!grant)
                return -ENOMEM;
        r = grant_check(call, ask, &refusal);
        if (r < 0)
                return r;
        audit_keep_client(call, ask->client_id);
        if (refusal)
                return call_refuse(call, refusal);
        if (!call->settings->refresh)
                return refuse(call, REFUSAL_REFRESH, "off");
        r = session_load(call, ask->refresh_token, grant);
        if (r == 0)
                r = refresh_judge(&grant->session, &grant->presented, clock_wall_s(), &verdict);
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == -ENOENT || verdict == REFRESH_FOREIGN)
                return refuse(call, REFUSAL_REFRESH, "unknown");
        if (!is_of_client(&grant->session, ask->client_id))
                return refuse(call, REFUSAL_REFRESH, "client");
        if (verdict == REFRESH_REPLAYED)
                return family_end(call);
        return grant_of_user(call, ask);
}
