/* The public keys one may trust, as the keys page gave them, each pinned to one algorithm. */
#ifndef JETON_JWT_KEYSET_H
#define JETON_JWT_KEYSET_H

#include "claims.h"
#include "pages.h"
#include "verified.h"

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
        struct keys_table table; /* as it was published, with the issuer */
        struct trusted_key keys[PAGE_KEYS_MAX];
        size_t count;
        uint32_t current;          /* of the page, when it was read */
        struct verified *verified; /* owned; NULL: each signature is checked each time */
};

/* Loads the keys of a page's table. 0; -EBADMSG when one of them is no valid public key of its
 * algorithm; -ENOMEM. */
int keyset_load(const struct keys_table *table, struct keyset **ret);

/* For who verifies on and on: makes *keyset anew when the page has changed since, and at first,
 * when it is NULL. It remembers the signatures that it has found good. 0; -EAGAIN, -EBADMSG, -EBUSY
 * and other -errno as in pages.h and above: then the old keyset stays and must not be used. */
int keyset_refresh(struct keyset **keyset, int page_fd);
void keyset_free(struct keyset *keyset);

static inline void keyset_freep(struct keyset **keyset) {
        keyset_free(*keyset);
        *keyset = NULL;
}

/* The encoded header of our own tokens: what the signer writes and verifiers compare with. */
void token_header(enum key_algorithm algorithm, enum token_kind kind, const char *kid,
                  char ret[HEADER_MAX]);

#endif
