/* What became of a token or a key of others, and one sentence about it. */
#ifndef JETON_JWS_FINDING_H
#define JETON_JWS_FINDING_H

#include <stdbool.h>

enum jws_verdict {
        JWS_MALFORMED = 0,   /* no compact JWS, or its header or claims are none */
        JWS_WRONG_ALGORITHM, /* not that of the key, or none of ours */
        JWS_UNKNOWN_KEY,     /* no key has its kid */
        JWS_BAD_SIGNATURE,
        JWS_WRONG_TYPE,
        JWS_WRONG_ISSUER,
        JWS_EXPIRED,
        JWS_NOT_YET,
        JWS_WRONG_AUDIENCE,
        JWS_UNUSABLE_KEY, /* nothing was checked: there is no key to check with */
        JWS_VALID = 0x6a, /* zeroed memory never is */
};

struct finding {
        enum jws_verdict verdict;
        char reason[400]; /* printable ASCII; "" for JWS_VALID */
};

/* "bad signature" and the like; never NULL. */
const char *jws_verdict_text(enum jws_verdict verdict);

/* Writes both and gives false, for a step to end with. What comes from outside must have passed
 * log_escape(). */
bool found(struct finding *finding, enum jws_verdict verdict, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
