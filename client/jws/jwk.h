/* One key of others as RFC 7517 writes it, to check signatures with. Takes public keys, and shared
 * secrets (oct), which have no public half; and of those the kinds that our own keys have. */
#ifndef JETON_JWS_JWK_H
#define JETON_JWS_JWK_H

#include "../../common/jwt/signature.h"

#include <jansson.h>

struct jwk {
        const char *kid; /* borrowed from the JSON, which outlives it; NULL: it has none */
        enum key_algorithm algorithm;
        EVP_PKEY *key; /* owned */
};

void jwk_clear(struct jwk *jwk);

/* NULL, or what is wrong with the key: "its use is not sig"; then *ret has none. It must be zeroed.
 */
const char *jwk_read(const json_t *json, struct jwk *ret);

#endif
