/* POST /token, token exchange (RFC 8693) with an ID token of an outside issuer: a login, proved by
 * others.
 *
 *         answer_outside_grant()   for which audience
 *         heard()                  is the token good; whose account is linked to its subject
 *         take_turn()              the throttle's gate: who has to wait there waits here too
 *         use_write()              commit: the token is used up, and a first link by e-mail made
 *         grant.c                  its tokens
 *
 * An account is found by its link alone: one that an administrator has made, or that the first such
 * login made for the one user whose e-mail, set by an administrator, the issuer calls verified.
 * From then on the address is nothing to us: whoever has it next is another subject. No local
 * account is ever linked here, and nobody administers by the word of others.
 *
 * Each token is good for one login. It may be in logs and browser histories, and the codes that it
 * stands for could be used once, too. What was used is kept until it has expired, over restarts. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "entitlement.h"
#include "grant.h"
#include "grant_outside.h"
#include "guesser.h"
#include "issuers.h"
#include "sessions.h"
#include "user_links.h"

#include <openssl/sha.h>
#include <stdio.h>

/* From the look at a token's exp to the commit that notes its use: the issuer process, the gate and
 * the disk take much less. */
#define WAY_MAX_S 60

struct outside_login {
        struct outside_link link; /* who it is there, and whose account here */
        bool is_first;            /* found by e-mail: the link is to be made */
        char email[EMAIL_MAX + 1];
        uint8_t digest[OUTSIDE_DIGEST_LEN];
        int64_t auth_time, expires_at;
        char detail[OUTSIDE_DETAIL_MAX];
};

const char *outside_detail(const struct call *call) {
        return call->outside ? call->outside->detail : "";
}

/* ---- the token ---- */

/* Of what is signed, not of the signature: an ECDSA signature has a twin (n - s) that is as good.
 */
static int digest_take(struct text token, uint8_t ret[OUTSIDE_DIGEST_LEN]) {
        const char *dot = memrchr(token.p, '.', token.len);

        if (!dot)
                return -EINVAL;
        SHA256((const uint8_t *)token.p, (size_t)(dot - token.p), ret);
        return 0;
}

static const struct {
        enum outside_verdict verdict;
        const char *word;
} words[] = {
        {OUTSIDE_MALFORMED, "malformed"},
        {OUTSIDE_HEADER, "header"},
        {OUTSIDE_ISSUER, "issuer"},
        {OUTSIDE_ALGORITHM, "algorithm"},
        {OUTSIDE_KEY, "key"},
        {OUTSIDE_SIGNATURE, "signature"},
        {OUTSIDE_AUDIENCE, "audience"},
        {OUTSIDE_EXPIRED, "expired"},
        {OUTSIDE_NOT_YET, "not-yet"},
        {OUTSIDE_LIFETIME, "lifetime"},
        {OUTSIDE_CLAIMS, "claims"},
};

static const char *verdict_word(uint8_t verdict) {
        size_t i;

        for (i = 0; i < ELEMENTS(words); i++)
                if (words[i].verdict == verdict)
                        return words[i].word;
        return "malformed";
}

/* One answer for all: what is wrong stands in the log. */
static int refuse(struct call *call, const char *reason) {
        char detail[128 + OUTSIDE_DETAIL_MAX];

        snprintf(detail, sizeof detail, "reason=%s%s", reason, outside_detail(call));
        audit(call, "login", "refused", text_of(call->step.grant->username), detail);
        return call_refuse(call, REFUSAL_OUTSIDE);
}

static int refuse_token(struct call *call, uint8_t verdict) {
        char reason[32];

        snprintf(reason, sizeof reason, "token-%s", verdict_word(verdict));
        return refuse(call, reason);
}

/* ---- the steps, last one first ---- */

static int used(struct call *call) {
        const struct outside_login *login = call->outside;

        if (login->is_first)
                audit_link(call, "link-add", &login->link);
        return grant_give(call, login->auth_time);
}

static int not_used(struct call *call, int error) {
        if (error == -EEXIST)
                return refuse(call, "replayed");
        return error == -ESTALE ? refuse(call, "no-link") : call_fail(call, error);
}

/* As the user and his links stand by now: others may have been quicker. */
static int link_write(const struct outside_login *login, struct transaction *transaction) {
        uint64_t id = 0;
        int r;

        r = outside_links_find_email(transaction_store(transaction), text_of(login->email), &id);
        if (r == 0 && id == login->link.user_id)
                r = outside_links_add(transaction, &login->link);
        else if (r == 0)
                r = -ENOENT;
        return r == -ENOENT || r == -EEXIST ? -ESTALE : r;
}

static int link_check(const struct outside_login *login, struct transaction *transaction) {
        uint64_t id = 0;
        int r;

        r = outside_links_find(transaction_store(transaction), text_of(login->link.issuer),
                               text_of(login->link.sub), &id);
        if (r < 0 && r != -ENOENT)
                return r;
        return r == 0 && id == login->link.user_id ? 0 : -ESTALE;
}

static int use_write(struct call *call, struct transaction *transaction) {
        const struct outside_login *login = call->outside;
        int r;

        r = outside_tokens_use(transaction, login->digest, clock_wall_s(),
                               login->expires_at + LEEWAY_MAX_S + WAY_MAX_S);
        if (r < 0)
                return r;
        return login->is_first ? link_write(login, transaction) : link_check(login, transaction);
}

static int take_turn(struct call *call, bool may_try) {
        const struct settings *settings = call->settings;
        int64_t now = clock_wall_s();
        enum refusal refusal;

        gate_leave(call, THROTTLE_UNJUDGED);
        if (!may_try)
                return refuse(call, "throttled");
        if (!user_is_active(call->user, now))
                return refuse(call, "disabled");
        if (user_must_change(call->user, settings->password_max_age_s, now)) {
                audit(call, "login", "refused", text_of(call->user->name), "reason=must-change");
                return call_refuse(call, REFUSAL_MUST_CHANGE);
        }
        refusal = grant_decide(call);
        return refusal ? grant_refuse(call, refusal) : call_commit(call, use_write, used, not_used);
}

/* Nothing is guessed here, and so nothing is counted; but who has to wait for his guesses at the
 * password does not come in meanwhile. */
static int gate_pass(struct call *call) {
        struct grant *grant = call->step.grant;
        struct throttle_key guesser;
        int r;

        audit_keep_name(text_of(call->user->name), grant->username);
        r = guesser_of_login(call, text_of(call->user->name), &guesser);
        return r < 0 ? r : gate_enter(call, &guesser, take_turn);
}

/* ---- whose account? ---- */

static int find_by_email(struct call *call, const struct msg_outside_checked *said) {
        struct outside_login *login = call->outside;

        if (!said->email_verified || text_copy(said->email, login->email, sizeof login->email) < 0)
                return -ENOENT;
        login->is_first = true;
        login->link.by_email = true;
        login->link.created_at = clock_wall_s();
        return outside_links_find_email(call->authority->store, said->email, &login->link.user_id);
}

static int find_user(struct call *call, const struct msg_outside_checked *said) {
        struct store *store = call->authority->store;
        struct outside_login *login = call->outside;
        int r;

        r = outside_links_find(store, said->issuer, said->sub, &login->link.user_id);
        if (r == -ENOENT)
                r = find_by_email(call, said);
        return r < 0 ? r : users_find_id(store, login->link.user_id, &call->user);
}

/* Without an auth_time the login there was at the latest when the token was made. */
static int login_keep(struct outside_login *login, const struct msg_outside_checked *said) {
        int64_t now = clock_wall_s();

        login->auth_time = said->auth_time > 0 ? said->auth_time : said->issued_at;
        if (login->auth_time > now)
                login->auth_time = now;
        login->expires_at = said->expires_at;
        snprintf(login->detail, sizeof login->detail, " issuer=\"%.*s\"", TEXT_ARGS(said->issuer));
        if (text_copy(said->issuer, login->link.issuer, sizeof login->link.issuer) < 0 ||
            text_copy(said->sub, login->link.sub, sizeof login->link.sub) < 0)
                return -EINVAL;
        return 0;
}

/* A revocation of everything is of what stands in logs, too; and a database that is back from a
 * backup does not know what was used since. */
static int check_ended(const struct call *call, const struct msg_outside_checked *said, bool *ret) {
        const struct claims claims = {.iat = said->issued_at};

        return sessions_token_ended(call->authority, &claims, ret);
}

static int heard(struct call *call, const struct msg_outside_checked *said) {
        bool has_ended = false;
        int r;

        if (said->verdict != OUTSIDE_VALID)
                return refuse_token(call, said->verdict);
        r = check_ended(call, said, &has_ended);
        if (r == 0 && has_ended)
                return refuse(call, "token-revoked");
        if (r == 0)
                r = login_keep(call->outside, said);
        if (r == 0)
                r = find_user(call, said);
        if (r == -ENOENT)
                return refuse(call, "no-link");
        return r < 0 ? r : gate_pass(call);
}

int answer_outside_grant(struct call *call, const union message *message) {
        const struct msg_ask_outside_grant *ask = &message->ask_outside_grant;
        struct grant *grant = grant_new(call, TEXT_NONE, METHOD_OUTSIDE);
        enum refusal refusal;

        call->outside = calloc(1, sizeof *call->outside);
        if (!grant || !call->outside)
                return -ENOMEM;
        audit_keep_client(call, ask->client_id);
        if (call->settings->outside_count == 0)
                return call_refuse(call, REFUSAL_NO_ISSUERS);
        refusal = grant_ask(call, grant, ask->client_id, ask->audience, ask->scope);
        if (refusal)
                return call_refuse(call, refusal);
        if (digest_take(ask->subject_token, call->outside->digest) < 0)
                return refuse_token(call, OUTSIDE_MALFORMED);
        call->vouched = heard;
        return issuers_ask(call, ask->subject_token);
}
