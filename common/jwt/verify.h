/* Is this token ours, and good here and now? The one verifier of the frontend, the authority, the
 * library and the PAM module.
 *
 * The order is the point: the header's bytes must equal one of our own headers, which picks the key
 * and with it the algorithm; then the signature; only then is the JSON read. Nothing in a token
 * chooses a key, an algorithm or a file. */
#ifndef JETON_JWT_VERIFY_H
#define JETON_JWT_VERIFY_H

#include "claims.h"
#include "keyset.h"
#include "revocations.h"

enum verdict {
        VERDICT_INVALID = 0, /* not a token of ours: spelling, header, key, signature, claims */
        VERDICT_EXPIRED,
        VERDICT_NOT_YET, /* iat beyond the leeway in the future */
        VERDICT_WRONG_ISSUER,
        VERDICT_WRONG_AUDIENCE,
        VERDICT_REVOKED,
        VERDICT_ASK,          /* its key is not published: only the daemon can tell (HS256) */
        VERDICT_VALID = 0x6a, /* zeroed memory never is */
};

struct expectation {
        bool ticket;          /* a login ticket; otherwise an access token of either typ */
        const char *audience; /* must be among aud, to the byte; NULL: any, the caller looks */
        int64_t now;          /* clock_wall_s() */
        int64_t leeway;       /* seconds for exp and iat */
};

/* The issuer expected is the keyset's. 0 with a verdict and, when it is VERDICT_VALID, the claims
 * (otherwise zeroed, but for VERDICT_EXPIRED and after, where they are the token's own); -errno
 * when no verdict could be reached: -ENOMEM, or -EOVERFLOW from revocations_judge(). Never logs. */
int token_verify(const struct keyset *keyset, const struct revocations *revocations,
                 struct text token, const struct expectation *expect, enum verdict *ret_verdict,
                 struct claims *ret_claims);

/* ---- for VERDICT_ASK: what its holder is asked, and what follows from his yes ---- */

#define MAC_LEN 32

struct mac_question {
        const char *kid; /* borrowed: the keyset's */
        struct text signed_bytes;
        uint8_t mac[MAC_LEN];
};

/* 0; -EBADMSG: there is nothing to ask, the token is invalid. The text is lent by the token. */
int token_mac_question(const struct keyset *keyset, struct text token,
                       const struct expectation *expect, struct mac_question *ret);

/* As token_verify() for a token whose key's holder has said yes to that question. */
int token_judge_checked(const struct keyset *keyset, const struct revocations *revocations,
                        struct text token, const struct expectation *expect,
                        enum verdict *ret_verdict, struct claims *ret_claims);

#endif
