/* Verifying a token in this process, by the keys that the daemon published. */
#include "claims.h"
#include "handle.h"

#include "../common/cleanup.h"
#include "../common/clock.h"
#include "../common/jwt/verify.h"

#include <string.h>

#define LEEWAY_S 60

static const struct {
        enum verdict inner;
        enum jeton_verdict outer;
        const char *text;
} verdicts[] = {
        {VERDICT_INVALID, JETON_INVALID, "invalid"},
        {VERDICT_EXPIRED, JETON_EXPIRED, "expired"},
        {VERDICT_NOT_YET, JETON_NOT_YET, "not valid yet"},
        {VERDICT_WRONG_ISSUER, JETON_WRONG_ISSUER, "wrong issuer"},
        {VERDICT_WRONG_AUDIENCE, JETON_WRONG_AUDIENCE, "wrong audience"},
        {VERDICT_REVOKED, JETON_REVOKED, "revoked"},
        {VERDICT_ASK, JETON_ASK_DAEMON, "ask the daemon"},
        {VERDICT_VALID, JETON_VALID, "valid"},
};

const char *jeton_verdict_text(enum jeton_verdict verdict) {
        size_t i;

        for (i = 0; i < ELEMENTS(verdicts); i++)
                if (verdicts[i].outer == verdict)
                        return verdicts[i].text;
        return verdicts[0].text;
}

static enum jeton_verdict verdict_outside(enum verdict verdict) {
        size_t i;

        for (i = 0; i < ELEMENTS(verdicts); i++)
                if (verdicts[i].inner == verdict)
                        return verdicts[i].outer;
        return JETON_INVALID;
}

static const struct {
        int error;
        const char *text;
} troubles[] = {
        {-ENOENT, "is not there; has jetond ever run here?"},
        {-EAGAIN, "holds nothing yet; is jetond starting?"},
        {-EPERM, "could have been written by others; not used"},
        {-EBADMSG, "is not a page that this library can read"},
        {-EBUSY, "changed all the while it was read; try again"},
        {-EOVERFLOW, "has more revocations than it can hold: ask the daemon instead"},
};

static int say_trouble(struct jeton *jeton, const char *page, int error) {
        char buffer[128];
        const char *text = error_text(error, buffer, sizeof buffer);
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error)
                        text = troubles[i].text;
        return failure_say(handle_failure(jeton), error, "cannot verify: %s/%s: %s",
                           jeton->place.dir, page, text);
}

static const char *audience_expected(const char *audience, const struct keyset *keyset) {
        if (!audience)
                return keyset->table.issuer;
        return strcmp(audience, JETON_ANY_AUDIENCE) == 0 ? NULL : audience;
}

/* With the handle locked: another thread's call may read the pages anew. */
static int verify_locked(struct jeton *jeton, struct text token, const char *audience,
                         enum verdict *ret_verdict, struct claims *ret_claims) {
        struct expectation expect = {.now = clock_wall_s(), .leeway = LEEWAY_S};
        const struct revocations *revocations;
        const struct keyset *keyset;
        int r;

        r = key_source_get(&jeton->keys, &jeton->place, &keyset);
        if (r < 0)
                return say_trouble(jeton, "keys", r);
        r = status_source_get(&jeton->status, &jeton->place, &revocations);
        if (r < 0)
                return say_trouble(jeton, "status", r);
        expect.audience = audience_expected(audience, keyset);
        r = token_verify(keyset, revocations, token, &expect, ret_verdict, ret_claims);
        return r < 0 ? say_trouble(jeton, "status", r) : 0;
}

int jeton_verify(struct jeton *jeton, const char *token, const char *audience,
                 enum jeton_verdict *ret_verdict, struct jeton_claims **ret_claims) {
        _cleanup_(jeton_claims_freep) struct jeton_claims *claims = calloc(1, sizeof *claims);
        enum verdict verdict;
        int r;

        r = arguments_check(jeton, jeton && token && ret_verdict && ret_claims);
        if (r < 0)
                return r;
        if (!claims)
                return failure_say(handle_failure(jeton), -ENOMEM, "out of memory");
        pthread_mutex_lock(&jeton->lock);
        r = verify_locked(jeton, text_of(token), audience, &verdict, &claims->claims);
        pthread_mutex_unlock(&jeton->lock);
        if (r < 0)
                return r;
        *ret_verdict = verdict_outside(verdict);
        *ret_claims = *ret_verdict == JETON_VALID ? take(claims) : NULL;
        return 0;
}
