/* POST /revoke (RFC 7009) and POST /revocations: which token, session, user or client is meant, and
 * whether the caller may end it. How it ends is sessions.c's. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/verify.h"
#include "admin.h"
#include "audit.h"
#include "bearer.h"
#include "refresh.h"
#include "sessions.h"
#include "signing.h"

#include <inttypes.h>
#include <stdio.h>

static int answer_done(struct call *call) {
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* ---- by a token that is presented ---- */

/* A refresh token takes its session with it, and so the access tokens (RFC 7009 2.1); any of the
 * session's refresh tokens does, however old. */
static int revoke_refresh(struct call *call, const struct refresh_token *token) {
        enum refresh_verdict verdict = REFRESH_FOREIGN;
        char sid[SID_LEN + 1], sub[24], detail[64];
        struct session session;
        int r;

        refresh_sid(token, sid);
        r = sessions_find(call->authority->store, text_of(sid), &session);
        if (r == -ENOENT)
                return answer_done(call);
        if (r == 0)
                r = refresh_judge(&session, token, clock_wall_s(), &verdict);
        if (r < 0)
                return r;
        if (verdict == REFRESH_FOREIGN)
                return answer_done(call);
        snprintf(sub, sizeof sub, "%" PRIu64, session.user_id);
        r = sessions_end(call->authority, text_of(sid), text_of(sub), clock_wall_s());
        if (r < 0)
                return r;
        snprintf(detail, sizeof detail, "kind=refresh-token sid=%s", sid);
        audit(call, "revoke", "done", text_of(session.username), detail);
        return answer_done(call);
}

/* What is not good anyway needs no revocation. */
static int revoke_judged(struct call *call, enum verdict verdict, const struct claims *claims) {
        char detail[64];
        int r;

        if (verdict != VERDICT_VALID)
                return answer_done(call);
        r = sessions_revoke_token(call->authority, text_of(claims->jti), text_of(claims->sub),
                                  claims->exp, clock_wall_s());
        if (r < 0)
                return r;
        snprintf(detail, sizeof detail, "kind=access-token jti=%s", claims->jti);
        audit(call, "revoke", "done", text_of(claims->username), detail);
        return answer_done(call);
}

/* Of any audience: whoever holds it may end it. */
static struct expectation any_audience(const struct call *call) {
        return (struct expectation){.now = clock_wall_s(), .leeway = call->settings->leeway_s};
}

static void presented_free(void *presented) {
        secret_free(presented);
}

/* The signer has told whether a token is its own whose key is not published. */
static int revoke_checked(struct call *call, bool good) {
        const struct expectation expect = any_audience(call);
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        if (!good)
                return answer_done(call);
        r = token_judge_checked(call->authority->keyset, &call->authority->revocations,
                                secret_text(call->step.presented), &expect, &verdict, &claims);
        return r < 0 ? r : revoke_judged(call, verdict, &claims);
}

static int revoke_ask(struct call *call, struct text token, const struct expectation *expect) {
        struct mac_question question;
        int r;

        if (token_mac_question(call->authority->keyset, token, expect, &question) < 0)
                return answer_done(call);
        r = secret_new(token.p, token.len, &call->step.presented);
        if (r < 0)
                return r;
        call->free_step = presented_free;
        return sign_ask_mac(call, &question, revoke_checked);
}

static int revoke_access(struct call *call, struct text token) {
        const struct expectation expect = any_audience(call);
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        r = bearer_load_keys(call->authority);
        if (r == 0)
                r = token_verify(call->authority->keyset, &call->authority->revocations, token,
                                 &expect, &verdict, &claims);
        if (r < 0)
                return r;
        if (verdict == VERDICT_ASK)
                return revoke_ask(call, token, &expect);
        return revoke_judged(call, verdict, &claims);
}

/* POST /revoke */
int answer_revoke(struct call *call, const union message *message) {
        _cleanup_(refresh_clear) struct refresh_token token = {.sid = {0}};
        struct text presented = message->ask_revoke.token;

        if (call->connection->class == CLASS_WEB)
                return call_refuse(call, REFUSAL_CLIENT);
        if (refresh_parse(presented, &token) == 0)
                return revoke_refresh(call, &token);
        return revoke_access(call, presented);
}

/* ---- by what it is about ---- */

static bool is_id(struct text text) {
        uint8_t bytes[16];
        size_t len;

        return base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
}

static int revoke_jti(struct call *call, struct text jti, int64_t before) {
        int64_t now = clock_wall_s();

        (void)before;
        if (!is_id(jti))
                return -ENOENT;
        return sessions_revoke_token(call->authority, jti, TEXT_NONE, 0, now);
}

static int revoke_sid(struct call *call, struct text sid, int64_t before) {
        (void)before;
        if (!is_id(sid))
                return -ENOENT;
        return sessions_end(call->authority, sid, TEXT_NONE, clock_wall_s());
}

static int revoke_user(struct call *call, struct text name, int64_t before) {
        int r;

        r = users_find(call->authority->store, name, &call->user);
        return r < 0 ? r : sessions_revoke_user(call->authority, call->user->id, before);
}

static int revoke_client(struct call *call, struct text client_id, int64_t before) {
        return sessions_revoke_client(call->authority, client_id, before);
}

static int revoke_all(struct call *call, struct text none, int64_t before) {
        (void)none;
        return sessions_revoke_all(call->authority, before);
}

static const struct {
        const char *name;
        int (*revoke)(struct call *call, struct text claim, int64_t before);
        enum refusal unknown; /* for -ENOENT */
} kinds[REVOKED_KINDS] = {
        [REVOKED_TOKEN] = {"token", revoke_jti, REFUSAL_BROKEN_ID},
        [REVOKED_SESSION] = {"session", revoke_sid, REFUSAL_BROKEN_ID},
        [REVOKED_SUBJECT] = {"user", revoke_user, REFUSAL_NO_USER},
        [REVOKED_CLIENT] = {"client", revoke_client, REFUSAL_BROKEN_ID},
        [REVOKED_ALL] = {"all", revoke_all, REFUSAL_BROKEN_ID},
};

static int revocation_run(struct call *call, const struct msg_ask_revocation *ask, int64_t before) {
        char kept[LOG_NAME_MAX + 1], detail[96];
        int r;

        r = kinds[ask->kind].revoke(call, ask->claim, before);
        if (r == -ENOENT)
                return call_refuse(call, kinds[ask->kind].unknown);
        if (r < 0)
                return r;
        audit_keep_name(ask->claim, kept);
        snprintf(detail, sizeof detail, "kind=%s before=%" PRId64, kinds[ask->kind].name, before);
        audit(call, "revocation", "done", text_of(kept), detail);
        return answer_done(call);
}

/* POST /revocations */
int answer_revocation(struct call *call, const union message *message) {
        const struct msg_ask_revocation *ask = &message->ask_revocation;
        int64_t until_now = sessions_until_now(call->authority);
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal && (ask->kind == REVOKED_NONE || ask->before < 0))
                refusal = REFUSAL_BROKEN_ID;
        if (!refusal && ask->before > until_now)
                refusal = REFUSAL_BEFORE;
        if (refusal)
                return call_refuse(call, refusal);
        return revocation_run(call, ask, ask->before > 0 ? ask->before : until_now);
}
