/* links: daemon/issuer/token.c daemon/issuer/claims.c daemon/issuer/keys.c
 *        daemon/issuer/signature.c client/jws/jwk.c
 * needs: libjwt jansson libcrypto */
/* All that jetond-issuer reads: a file of keys up to the first NUL, and the token behind it; and as
 * what is behind it cannot be signed here, that is read as claims too. What is found valid is
 * within the bounds of what may be answered. */
#include "../../daemon/issuer/claims.h"

#include "../../common/cleanup.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct outside_clock now = {1300819000, 60};

static void said_check(const struct outside_token *said) {
        if (!name_is_outside_subject(text_of(said->sub)) ||
            (said->email[0] && !name_is_email(text_of(said->email))) ||
            (said->email_verified && !said->email[0]) || said->expires_at <= now.now - 60 ||
            said->expires_at - said->issued_at > OUTSIDE_LIFETIME_MAX_S)
                abort();
}

static void token_check(const struct outside_issuer *issuer, struct text token) {
        const struct outside_issuers issuers = {issuer, 1};
        struct outside_token said = {.sub = ""};

        if (outside_token_check(&issuers, token, &now, &said) == OUTSIDE_VALID)
                said_check(&said);
}

static void claims_check(const struct outside_issuer *issuer, struct text text) {
        json_t *claims =
                json_loadb(text.len > 0 ? text.p : "", text.len, JSON_REJECT_DUPLICATES, NULL);
        struct outside_token said = {.sub = ""};

        if (json_is_object(claims) &&
            outside_claims_judge(claims, issuer, &now, &said) == OUTSIDE_VALID)
                said_check(&said);
        json_decref(claims);
}

static void check(const struct outside_keys *keys, enum key_algorithm algorithm,
                  struct text token) {
        const struct outside_issuer issuer = {
                .url = "joe", .audience = "app second", .algorithm = algorithm, .keys = keys};

        token_check(&issuer, token);
        claims_check(&issuer, token);
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
