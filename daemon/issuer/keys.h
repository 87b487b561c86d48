/* The keys of one outside issuer, from the text of his JWK set (RFC 7517 5): those of the one
 * algorithm that is configured for him. Each is kept as PEM, which is how libjwt takes a key. */
#ifndef JETON_ISSUER_KEYS_H
#define JETON_ISSUER_KEYS_H

#include "../../common/jwt/pages.h"
#include "../../common/text.h"

#define OUTSIDE_KEYS_MAX 100

struct outside_key {
        char *kid; /* NULL: it has none */
        char *pem;
};

struct outside_keys {
        struct outside_key at[OUTSIDE_KEYS_MAX];
        size_t count;
};

/* NULL is fine. */
void outside_keys_free(struct outside_keys *keys);

static inline void outside_keys_freep(struct outside_keys **keys) {
        outside_keys_free(*keys);
        *keys = NULL;
}

/* NULL and the keys, at least one; or what is wrong with the text: "it is no JSON object". As RFC
 * 7517 5 wants it, keys of other kinds and other uses are passed over; two of one kid are refused,
 * for nobody could tell which was meant. */
const char *outside_keys_read(enum key_algorithm algorithm, struct text text,
                              struct outside_keys **ret);

/* The key that a header's kid means; without one (kid.p NULL) the only key there is (OpenID Connect
 * Core 10.1: where there are several, the header must name one). NULL: there is none. */
const struct outside_key *outside_keys_find(const struct outside_keys *keys, struct text kid);

#endif
