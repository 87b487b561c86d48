/* A published key as RFC 7517 writes one. */
#ifndef JETON_FRONTEND_JWK_H
#define JETON_FRONTEND_JWK_H

#include "../../common/jwt/pages.h"
#include "json.h"

/* The key is of an algorithm with public keys. An object of its own: the caller clears it. */
void jwk_to_json(const struct page_key *key, struct json *ret);

#endif
