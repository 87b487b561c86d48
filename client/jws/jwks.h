/* The keys of others that are at hand: one JWK, or a JWK set (RFC 7517 4 and 5). */
#ifndef JETON_JWS_JWKS_H
#define JETON_JWS_JWKS_H

#include "finding.h"
#include "jwk.h"

#define JWKS_BYTES_MAX 262144
#define JWKS_KEYS_MAX  100

struct jwks {
        struct jwk keys[JWKS_KEYS_MAX];
        size_t count;
        const char *fault; /* of the first key of a set that cannot be used; NULL: of none */
        json_t *json;      /* owned; the kids are its */
};

/* Wipes secrets and frees. NULL is fine. */
void jwks_free(struct jwks *jwks);

static inline void jwks_freep(struct jwks **jwks) {
        jwks_free(*jwks);
        *jwks = NULL;
}

/* The keys, at least one; or NULL, and why in *ret_finding.
 *
 * A single key must be usable. In a set, as RFC 7517 5 wants it, those that are not are passed
 * over, while there is one that is; but two keys of one kid and one algorithm are refused. */
struct jwks *jwks_read(struct text text, bool is_set, struct finding *ret_finding);

#endif
