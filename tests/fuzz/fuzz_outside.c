/* links: daemon/issuer/token.c daemon/issuer/claims.c daemon/issuer/keys.c
 *        daemon/issuer/signature.c client/jws/jwk.c
 * needs: libjwt jansson libcrypto */
/* All that jetond-issuer reads: a file of keys up to the first NUL, and the token behind it. What
 * it finds valid is within the bounds of what it may answer. */
#include "../../daemon/issuer/token.h"

#include "../../common/cleanup.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct outside_keys *keys, enum key_algorithm algorithm,
                  struct text token) {
        const struct outside_issuer issuer = {
                .url = "joe", .audience = "app second", .algorithm = algorithm, .keys = keys};
        const struct outside_issuers issuers = {&issuer, 1};
        const struct outside_clock clock = {1300819000, 60};
        struct outside_token said = {.sub = ""};

        if (outside_token_check(&issuers, token, &clock, &said) != OUTSIDE_VALID)
                return;
        if (said.issuer != 0 || !name_is_outside_subject(text_of(said.sub)) ||
            (said.email[0] && !name_is_email(text_of(said.email))) ||
            (said.email_verified && !said.email[0]) || said.expires_at <= clock.now - 60)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const enum key_algorithm algorithms[] = {KEY_ES256, KEY_RS256};
        const uint8_t *nul = memchr(data, '\0', size);
        struct text text = {(const char *)data, nul ? (size_t)(nul - data) : size};
        struct text token = {nul ? (const char *)nul + 1 : NULL, nul ? size - text.len - 1 : 0};
        size_t i;

        for (i = 0; i < ELEMENTS(algorithms); i++) {
                _cleanup_(outside_keys_freep) struct outside_keys *keys = NULL;
                const char *fault = outside_keys_read(algorithms[i], text, &keys);

                if (!fault != (keys && keys->count > 0))
                        abort();
                check(keys, algorithms[i], token);
        }
        return 0;
}
