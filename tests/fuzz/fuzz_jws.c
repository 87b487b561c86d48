/* links: client/jws/jws.c client/jws/jwks.c client/jws/jwk.c client/jws/claims.c
 *        client/jws/finding.c client/body.c
 * needs: jansson libcrypto */
/* Keys and tokens of others: a file of keys up to the first NUL, and the token behind it, with
 * claims and without. There is a reason for every verdict but one, and for that one what it is
 * about. */
#include "../../client/jws/jws.h"

#include "../../common/cleanup.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void verify(const struct jwks *jwks, struct text token, bool raw) {
        const struct jws_expectation expect = {.raw = raw, .issuer = "joe", .now = 1700000000};
        _cleanup_(jws_clear) struct jws jws = {NULL};
        struct finding finding = {.verdict = JWS_VALID};

        jws_verify(jwks, token, &expect, &jws, &finding);
        if (strlen(finding.reason) >= sizeof finding.reason)
                abort();
        if (finding.verdict == JWS_VALID && (!jws.header || (!raw && !jws.claims)))
                abort();
        if ((finding.verdict == JWS_VALID) != (*finding.reason == '\0'))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *nul = memchr(data, '\0', size);
        struct text keys = {(const char *)data, nul ? (size_t)(nul - data) : size};
        struct text token = {nul ? (const char *)nul + 1 : NULL, nul ? size - keys.len - 1 : 0};
        int is_set;

        for (is_set = 0; is_set < 2; is_set++) {
                struct finding finding = {.verdict = JWS_VALID};
                _cleanup_(jwks_freep) struct jwks *jwks = jwks_read(keys, is_set, &finding);

                if (!jwks && (finding.verdict != JWS_UNUSABLE_KEY || !*finding.reason))
                        abort();
                if (!jwks)
                        continue;
                verify(jwks, token, false);
                verify(jwks, token, true);
        }
        return 0;
}
