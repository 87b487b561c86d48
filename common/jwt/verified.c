/* A table of sets, each in the order in which its tokens were last seen. Knows digests alone: what
 * is good is verify.c's to say. */
#include "verified.h"

#include "../cleanup.h"
#include "../secret.h"

#include <errno.h>
#include <openssl/evp.h>

/* What is free is all zeros, which is no token's digest. */
struct set {
        struct token_digest seen[VERIFIED_WAYS]; /* the latest first */
};

struct verified {
        struct set sets[VERIFIED_SETS];
        uint8_t seed[32];
        EVP_MD *sha256;      /* owned */
        EVP_MD_CTX *context; /* owned; begun anew for each token */
};

void verified_free(struct verified *verified) {
        if (!verified)
                return;
        EVP_MD_CTX_free(verified->context);
        EVP_MD_free(verified->sha256);
        free(verified);
}

int verified_new(struct verified **ret) {
        struct verified *verified = calloc(1, sizeof *verified);
        int r;

        if (!verified)
                return -ENOMEM;
        verified->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        verified->context = EVP_MD_CTX_new();
        r = verified->sha256 && verified->context
                    ? secret_random(verified->seed, sizeof verified->seed)
                    : -ENOMEM;
        if (r < 0) {
                verified_free(verified);
                return r;
        }
        *ret = verified;
        return 0;
}

int verified_digest(struct verified *verified, struct text token, struct token_digest *ret) {
        EVP_MD_CTX *context = verified->context;

        if (EVP_DigestInit_ex(context, verified->sha256, NULL) != 1 ||
            EVP_DigestUpdate(context, verified->seed, sizeof verified->seed) != 1 ||
            EVP_DigestUpdate(context, token.p, token.len) != 1 ||
            EVP_DigestFinal_ex(context, ret->bytes, NULL) != 1)
                return -ENOMEM;
        return 0;
}

static struct set *set_of(struct verified *verified, const struct token_digest *digest) {
        size_t number = (size_t)digest->bytes[0] << 8 | digest->bytes[1];

        return &verified->sets[number % VERIFIED_SETS];
}

/* Those before `place` move on by one, over what was there. */
static void put_first(struct set *set, size_t place, const struct token_digest *digest) {
        memmove(set->seen + 1, set->seen, place * sizeof *set->seen);
        set->seen[0] = *digest;
}

bool verified_has(struct verified *verified, const struct token_digest *digest) {
        struct set *set = set_of(verified, digest);
        size_t i;

        for (i = 0; i < VERIFIED_WAYS; i++)
                if (memcmp(set->seen[i].bytes, digest->bytes, sizeof digest->bytes) == 0) {
                        put_first(set, i, digest);
                        return true;
                }
        return false;
}

void verified_add(struct verified *verified, const struct token_digest *digest) {
        put_first(set_of(verified, digest), VERIFIED_WAYS - 1, digest);
}
