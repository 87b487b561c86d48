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
#include "client_auth.h"
#include "refresh.h"
#include "sessions.h"
#include "signing.h"

#include <inttypes.h>
#include <stdio.h>

struct revocation_wish {
        struct revoked revoked;
        const char *event; /* for the audit line, as the two that follow */
        char username[LOG_NAME_MAX + 1];
        char detail[96];
        struct secret *presented;       /* an access token, while the signer looks at it */
        char client_id[CLIENT_MAX + 1]; /* who presents it; "": he has not said */
        bool is_proven;                 /* by the client's secret */
};

static void wish_free(void *step) {
        struct revocation_wish *wish = step;

        secret_free(wish->presented);
        free(wish);
}

static int wish_new(struct call *call, const char *event, struct revocation_wish **ret) {
        struct revocation_wish *wish = calloc(1, sizeof *wish);

        if (!wish)
                return -ENOMEM;
        wish->event = event;
        call->step.wish = wish;
        call->free_step = wish_free;
        *ret = wish;
        return 0;
}

static int answer_done(struct call *call) {
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

static int wish_write(struct call *call, struct transaction *transaction) {
        return sessions_revoke(call->authority, transaction, &call->step.wish->revoked);
}

static int wish_done(struct call *call) {
        const struct revocation_wish *wish = call->step.wish;

        audit(call, wish->event, "done", text_of(wish->username), wish->detail);
        return answer_done(call);
}

static int wish_commit(struct call *call) {
        return call_commit(call, wish_write, wish_done, call_fail);
}

/* ---- by a token that is presented ---- */

/* RFC 7009 2.1: who proves itself, or says its name, ends what it was given itself. Who says
 * nothing is a process of this host: it may end what it holds, but for a client's that has a secret
 * to prove itself. */
static enum refusal may_revoke(const struct call *call, const char *client_id, const char *sub) {
        const struct revocation_wish *wish = call->step.wish;
        bool is_clients = text_begins(text_of(sub), TEXT("client:"));

        if (wish->client_id[0] && !text_is(text_of(wish->client_id), text_of(client_id)))
                return REFUSAL_OTHER_CLIENT;
        if (is_clients && !wish->is_proven)
                return REFUSAL_CLIENT_NEEDED;
        /* An identity of that name came into the configuration after the client. */
        if (wish->is_proven && !is_clients)
                return REFUSAL_OTHER_CLIENT;
        return REFUSAL_NONE;
}

/* A refresh token takes its session with it, and so the access tokens (RFC 7009 2.1); any of the
 * session's refresh tokens does, however old. */
static int revoke_refresh(struct call *call, const struct refresh_token *token) {
        struct revocation_wish *wish = call->step.wish;
        enum refresh_verdict verdict = REFRESH_FOREIGN;
        char sid[SID_LEN + 1], sub[24];
        struct session session;
        enum refusal refusal;
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
        refusal = may_revoke(call, session.client_id, sub);
        if (refusal)
                return call_refuse(call, refusal);
        wish->revoked = revoked_session(sid, sub);
        snprintf(wish->username, sizeof wish->username, "%s", session.username);
        memcpy(call->sid, sid, sizeof call->sid);
        audit_keep_client(call, text_of(session.client_id));
        snprintf(wish->detail, sizeof wish->detail, "kind=refresh-token");
        return wish_commit(call);
}

/* What is not good anyway needs no revocation. */
static int revoke_judged(struct call *call, enum verdict verdict, const struct claims *claims) {
        struct revocation_wish *wish = call->step.wish;
        enum refusal refusal;

        if (verdict != VERDICT_VALID)
                return answer_done(call);
        refusal = may_revoke(call, claims->client_id, claims->sub);
        if (refusal)
                return call_refuse(call, refusal);
        wish->revoked = (struct revoked){.kind = REVOKED_TOKEN, .expires_at = claims->exp};
        snprintf(wish->revoked.claim, sizeof wish->revoked.claim, "%s", claims->jti);
        memcpy(wish->revoked.sub, claims->sub, sizeof wish->revoked.sub);
        snprintf(wish->username, sizeof wish->username, "%s", claims->username);
        memcpy(call->jti, claims->jti, sizeof call->jti);
        memcpy(call->sid, claims->sid, sizeof call->sid);
        audit_keep_client(call, text_of(claims->client_id));
        snprintf(wish->detail, sizeof wish->detail, "kind=access-token");
        return wish_commit(call);
}

/* Of any audience: it is not used, it is ended. */
static struct expectation any_audience(const struct call *call) {
        return (struct expectation){.now = clock_wall_s(), .leeway = call->settings->leeway_s};
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
                                secret_text(call->step.wish->presented), &expect, &verdict,
                                &claims);
        return r < 0 ? r : revoke_judged(call, verdict, &claims);
}

static int revoke_ask(struct call *call, struct text token, const struct expectation *expect) {
        struct mac_question question;
        int r;

        if (token_mac_question(call->authority->keyset, token, expect, &question) < 0)
                return answer_done(call);
        r = secret_new(token.p, token.len, &call->step.wish->presented);
        if (r < 0)
                return r;
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

static int who_presents(struct call *call, const struct msg_ask_revoke *ask,
                        enum refusal *ret_refusal) {
        struct revocation_wish *wish = call->step.wish;

        *ret_refusal = REFUSAL_NONE;
        wish->is_proven = ask->secret.len > 0;
        if (text_copy(ask->client_id, wish->client_id, sizeof wish->client_id) < 0)
                *ret_refusal = REFUSAL_CLIENT;
        else if (wish->is_proven)
                return client_prove(call, ask->client_id, ask->secret, ret_refusal);
        else if (call->connection->class == CLASS_WEB)
                *ret_refusal = REFUSAL_CLIENT_NEEDED;
        return 0;
}

/* POST /revoke */
int answer_revoke(struct call *call, const union message *message) {
        _cleanup_(refresh_clear) struct refresh_token token = {.sid = {0}};
        const struct msg_ask_revoke *ask = &message->ask_revoke;
        struct revocation_wish *wish;
        enum refusal refusal;
        int r;

        r = wish_new(call, "revoke", &wish);
        if (ask->client_id.len > 0)
                audit_keep_client(call, ask->client_id);
        if (r == 0)
                r = who_presents(call, ask, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        if (refresh_parse(ask->token, &token) == 0)
                return revoke_refresh(call, &token);
        return revoke_access(call, ask->token);
}

/* ---- by what it is about ---- */

static bool is_id(struct text text) {
        uint8_t bytes[16];
        size_t len;

        return base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
}

static int name_id(struct call *call, struct text id, struct revoked *revoked) {
        (void)call;
        return is_id(id) ? text_copy(id, revoked->claim, sizeof revoked->claim) : -ENOENT;
}

static int name_user(struct call *call, struct text name, struct revoked *revoked) {
        int r;

        r = users_find(call->authority->store, name, &call->user);
        if (r == 0)
                *revoked = revoked_user(call->user->id, revoked->before);
        return r;
}

static int name_client(struct call *call, struct text client_id, struct revoked *revoked) {
        (void)call;
        return text_copy(client_id, revoked->claim, sizeof revoked->claim);
}

static int name_all(struct call *call, struct text none, struct revoked *revoked) {
        (void)call;
        (void)none;
        (void)revoked;
        return 0;
}

static const struct {
        const char *name;
        int (*find)(struct call *call, struct text claim, struct revoked *revoked);
        enum refusal unknown; /* for -ENOENT */
} kinds[REVOKED_KINDS] = {
        [REVOKED_TOKEN] = {"token", name_id, REFUSAL_BROKEN_ID},
        [REVOKED_SESSION] = {"session", name_id, REFUSAL_BROKEN_ID},
        [REVOKED_SUBJECT] = {"user", name_user, REFUSAL_NO_USER},
        [REVOKED_CLIENT] = {"client", name_client, REFUSAL_BROKEN_ID},
        [REVOKED_ALL] = {"all", name_all, REFUSAL_BROKEN_ID},
};

/* For the audit line: each kind in its own word. */
static void revocation_keep(struct call *call, const struct msg_ask_revocation *ask) {
        const char *claim = call->step.wish->revoked.claim;

        if (ask->kind == REVOKED_TOKEN)
                text_copy(text_of(claim), call->jti, sizeof call->jti);
        if (ask->kind == REVOKED_SESSION)
                text_copy(text_of(claim), call->sid, sizeof call->sid);
        if (ask->kind == REVOKED_CLIENT)
                audit_keep_client(call, text_of(claim));
        if (ask->kind == REVOKED_SUBJECT)
                audit_keep_name(ask->claim, call->step.wish->username);
}

static int revocation_begin(struct call *call, const struct msg_ask_revocation *ask,
                            int64_t before) {
        struct revocation_wish *wish;
        int r;

        r = wish_new(call, "revocation", &wish);
        if (r < 0)
                return r;
        wish->revoked = (struct revoked){.kind = ask->kind, .before = before};
        r = kinds[ask->kind].find(call, ask->claim, &wish->revoked);
        if (r == -ENOENT)
                return call_refuse(call, kinds[ask->kind].unknown);
        if (r < 0)
                return r;
        revocation_keep(call, ask);
        snprintf(wish->detail, sizeof wish->detail, "kind=%s before=%" PRId64,
                 kinds[ask->kind].name, before);
        return wish_commit(call);
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
        return revocation_begin(call, ask, ask->before > 0 ? ask->before : until_now);
}
