/* The public keys one may trust, as the keys page gave them, each pinned to one algorithm. */
#ifndef JETON_JWT_KEYSET_H
#define JETON_JWT_KEYSET_H

#include "claims.h"
#include "pages.h"

#include <openssl/evp.h>
#include <stdbool.h>

#define HEADER_MAX 192 /* an encoded header of ours, with its NUL */

struct trusted_key {
        char kid[KID_LEN + 1];
        enum key_algorithm algorithm;
        enum key_state state;
        EVP_PKEY *public_key; /* owned; NULL: only its holder can check (HS256) */
        /* In base64url, to compare a token's header with. */
        char headers[TOKEN_KIND_COUNT][HEADER_MAX];
};

struct keyset {
        char issuer[ISSUER_MAX + 1];
        struct trusted_key keys[PAGE_KEYS_MAX];
        size_t count;
};

/* Loads the keys of a page's table. 0; -EBADMSG when one of them is no valid public key of its
 * algorithm; -ENOMEM. */
int keyset_load(const struct keys_table *table, struct keyset **ret);
void keyset_free(struct keyset *keyset);

static inline void keyset_freep(struct keyset **keyset) {
        keyset_free(*keyset);
        *keyset = NULL;
}

/* The encoded header of our own tokens: what the signer writes and verifiers compare with. */
void token_header(enum key_algorithm algorithm, enum token_kind kind, const char *kid,
                  char ret[HEADER_MAX]);

#endif
