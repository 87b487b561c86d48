/* What a caller presents as a token, and what would be read if it were signed. Both readers see
 * every input, because no fuzzer will ever find a signature.
 *
 * needs: libcrypto */
#include "../../common/jwt/verify.h"
#include "../unit/test_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A decoded text has no other spelling. */
static void decode_any(struct text text) {
        static char bytes[TOKEN_MAX], again[BASE64URL_LEN(TOKEN_MAX) + 1];
        size_t len;

        if (base64url_decode(text, bytes, sizeof bytes, &len) < 0)
                return;
        base64url_encode(bytes, len, again);
        if (!text_is(text, text_of(again)))
                abort();
}

#define WRITTEN_MAX (2 * CLAIMS_JSON_MAX) /* every character escaped */

/* What was read can be written, and then reads as the same. */
static void read_any(struct text json) {
        char once[WRITTEN_MAX], twice[WRITTEN_MAX];
        size_t once_len, twice_len;
        struct claims claims;

        if (json.len > CLAIMS_JSON_MAX || claims_read(json, &claims) < 0)
                return;
        if (claims_write(&claims, once, sizeof once, &once_len) < 0 ||
            claims_read((struct text){once, once_len}, &claims) < 0 ||
            claims_write(&claims, twice, sizeof twice, &twice_len) < 0)
                abort();
        if (!text_is((struct text){once, once_len}, (struct text){twice, twice_len}))
                abort();
}

/* The seeds are signed with the known key for this time: they are valid, what differs is not. What
 * is remembered of earlier inputs changes no verdict. */
static void verify_any(const struct keyset *keyset, struct text token, bool ticket) {
        struct expectation expect = {.ticket = ticket, .now = 1800000010, .leeway = 5};
        static const struct revocations revocations;
        enum verdict verdict, again;
        struct claims claims;

        if (token_verify(keyset, &revocations, token, &expect, &again, &claims) < 0 ||
            token_verify(keyset, &revocations, token, &expect, &verdict, &claims) < 0 ||
            again != verdict)
                abort();
        if (verdict == VERDICT_VALID && (claims.iss[0] == '\0' || claims.exp <= expect.now - 5))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct keyset *keyset;
        struct text input = {(const char *)data, size};

        if (!keyset) {
                keyset = test_keyset();
                if (verified_new(&keyset->verified) < 0)
                        abort();
        }
        decode_any(input);
        read_any(input);
        verify_any(keyset, input, false);
        verify_any(keyset, input, true);
        return 0;
}
