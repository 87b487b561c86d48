/* Is the ticket the answer to our question, and what does it say? First the signature, by the keys
 * page; then every claim that ties it to this call; only then the verdict. */
#include "attempt.h"

#include "../common/cleanup.h"
#include "../common/clock.h"
#include "../common/jwt/verify.h"
#include "../common/wire/wire.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>
#include <syslog.h>

/* Signer and module read the same clock; it may be set between the two. */
#define LEEWAY_S 5

/* libcrypto would read its configuration, which $OPENSSL_CONF names, and leave a handler with
 * atexit(3) that outlives us. In a program that has initialised it before, both are its own choice.
 */
static int crypto_start(void) {
        uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT;

        return OPENSSL_init_crypto(options, NULL) == 1 ? 0 : -ENOMEM;
}

static int keys_read(const struct attempt *attempt, struct keyset **ret) {
        _cleanup_(closep) int fd = -1;
        struct keys_table table;
        char dir[PATH_MAX];
        int r;

        attempt_run_dir(attempt, dir, sizeof dir);
        r = page_open(dir, PAGE_KEYS, attempt_trusted_uid(attempt), &fd);
        if (r < 0)
                return r;
        r = keys_page_read(fd, &table);
        if (r < 0)
                return r;
        return keyset_load(&table, ret);
}

static bool nonce_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return secret_equal(text_of(claims->nonce), text_of(attempt->nonce));
}

static bool phase_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return pam_phase_of(text_of(claims->phase)) == attempt->phase;
}

static bool service_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return text_is(text_of(claims->service), attempt->service);
}

static bool username_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return text_is(text_of(claims->username), text_of(attempt->user));
}

static bool uid_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return claims->has_uid && claims->uid == attempt->uid;
}

/* Whoever carries the question may have left the role out. */
static bool role_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return text_is(text_of(claims->roles), attempt->options.require_role);
}

/* Only the ticket that opens a session names one. */
static bool sid_is_ours(const struct claims *claims, const struct attempt *attempt) {
        return attempt->phase == PAM_PHASE_SESSION || claims->sid[0] == '\0';
}

static const struct tie {
        const char *claim;
        bool (*holds)(const struct claims *claims, const struct attempt *attempt);
} ties[] = {
        {"nonce", nonce_is_ours},       {"phase", phase_is_ours}, {"service", service_is_ours},
        {"username", username_is_ours}, {"uid", uid_is_ours},     {"roles", role_is_ours},
        {"sid", sid_is_ours},
};

/* The first claim that is of another login; NULL when it is ours in all of them. */
static const char *foreign_claim(const struct claims *claims, const struct attempt *attempt) {
        size_t i;

        for (i = 0; i < ELEMENTS(ties); i++)
                if (!ties[i].holds(claims, attempt))
                        return ties[i].claim;
        return NULL;
}

static const struct outcome {
        enum login_verdict verdict;
        enum situation situation;
} outcomes[] = {
        {LOGIN_DENIED, SITUATION_DENIED},
        {LOGIN_UNKNOWN, SITUATION_UNKNOWN},
        {LOGIN_DISABLED, SITUATION_DISABLED},
        {LOGIN_EXPIRED, SITUATION_EXPIRED},
        {LOGIN_MUST_CHANGE, SITUATION_MUST_CHANGE},
        {LOGIN_SHORT, SITUATION_UNFIT},
        {LOGIN_LONG, SITUATION_UNFIT},
        {LOGIN_COMMON, SITUATION_UNFIT},
        {LOGIN_NAME, SITUATION_UNFIT},
        {LOGIN_SIMILAR, SITUATION_UNFIT},
        {LOGIN_SIMPLE, SITUATION_UNFIT},
        {LOGIN_GRANTED, SITUATION_GRANTED},
};

static enum situation outcome_of(const struct attempt *attempt, const struct claims *claims) {
        enum login_verdict verdict = login_verdict_of(text_of(claims->verdict));
        size_t i;

        for (i = 0; i < ELEMENTS(outcomes); i++)
                if (outcomes[i].verdict == verdict) {
                        attempt_log(attempt, verdict == LOGIN_GRANTED ? LOG_DEBUG : LOG_NOTICE,
                                    "user %s: %s", attempt->user, login_verdict_word(verdict));
                        return outcomes[i].situation;
                }
        attempt_log(attempt, LOG_ERR, "the ticket's verdict is no verdict");
        return SITUATION_UNTRUSTED;
}

static const char *refusal_reason(enum verdict verdict) {
        switch (verdict) {
        case VERDICT_EXPIRED:
                return "has expired";
        case VERDICT_NOT_YET:
                return "is from the future";
        case VERDICT_WRONG_ISSUER:
                return "is of another issuer";
        case VERDICT_WRONG_AUDIENCE:
                return "is for another audience";
        case VERDICT_REVOKED:
                return "is revoked";
        case VERDICT_ASK: /* no ticket is signed with such a key */
        case VERDICT_INVALID:
        case VERDICT_VALID:
                break;
        }
        return "is none that the published keys confirm";
}

static enum situation claims_judge(struct attempt *attempt, const struct claims *claims) {
        const char *foreign = foreign_claim(claims, attempt);

        if (foreign) {
                attempt_log(attempt, LOG_ERR, "the ticket is of another login: its %s differs",
                            foreign);
                return SITUATION_UNTRUSTED;
        }
        if (attempt->phase == PAM_PHASE_SESSION)
                memcpy(attempt->sid, claims->sid, sizeof attempt->sid);
        attempt->at_least = claims->at_least;
        attempt->said = login_verdict_of(text_of(claims->verdict));
        return outcome_of(attempt, claims);
}

/* With more revoked than the page holds, a token may be among the rest: nobody can tell but the
 * daemon. A ticket is its answer to the nonce of this call, younger than all that was revoked. */
static int revocations_read(const struct attempt *attempt, struct revocations *ret) {
        _cleanup_(closep) int fd = -1;
        char dir[PATH_MAX];
        int r;

        attempt_run_dir(attempt, dir, sizeof dir);
        r = page_open(dir, PAGE_STATUS, attempt_trusted_uid(attempt), &fd);
        if (r == 0)
                r = revocations_refresh(ret, fd);
        if (r == 0)
                ret->is_full = false;
        return r;
}

static int ticket_verify(const struct attempt *attempt, enum verdict *ret_verdict,
                         struct claims *ret_claims) {
        _cleanup_(revocations_clear) struct revocations revocations = {.entries = NULL};
        _cleanup_(keyset_freep) struct keyset *keyset = NULL;
        struct expectation expect = {
                .ticket = true,
                .audience = WIRE_TICKET_AUDIENCE,
                .now = clock_wall_s(),
                .leeway = LEEWAY_S,
        };
        int r;

        r = crypto_start();
        if (r < 0)
                return r;
        r = keys_read(attempt, &keyset);
        if (r < 0)
                return r;
        r = revocations_read(attempt, &revocations);
        if (r < 0)
                return r;
        return token_verify(keyset, &revocations, secret_text(attempt->ticket), &expect,
                            ret_verdict, ret_claims);
}

enum situation ticket_judge(struct attempt *attempt) {
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        r = ticket_verify(attempt, &verdict, &claims);
        if (r < 0) {
                attempt_log(attempt, LOG_ERR, "cannot check the ticket: public pages: %s",
                            strerror(-r));
                return SITUATION_UNAVAILABLE;
        }
        if (verdict != VERDICT_VALID) {
                attempt_log(attempt, LOG_ERR, "the ticket %s", refusal_reason(verdict));
                return SITUATION_UNTRUSTED;
        }
        return claims_judge(attempt, &claims);
}
