/* Tokens whose signature has been found good by the keys of one keyset: the next look at one of
 * them costs a digest. Nothing else is remembered, for nothing else stays true: times, audience,
 * issuer, revocations and what the token says are looked at each time (verify.c), and other keys
 * make another keyset, which remembers nothing.
 *
 * A token is known by a digest of all of it behind a seed that nobody knows, so that who has many
 * tokens cannot aim at the places of others. Only good ones get in. A place is one of a few; the
 * one not seen for longest makes room: a look costs the same in a full table as in an empty one,
 * and a table full of others' tokens costs what none would. */
#ifndef JETON_JWT_VERIFIED_H
#define JETON_JWT_VERIFIED_H

#include "../text.h"

#include <stdbool.h>
#include <stdint.h>

#define VERIFIED_SETS 1024
#define VERIFIED_WAYS 4

struct verified;

struct token_digest {
        uint8_t bytes[32]; /* SHA-256 */
};

/* 0; -ENOMEM; -errno of secret_random(). Its memory is used as it fills: 128 KiB at most. */
int verified_new(struct verified **ret);
void verified_free(struct verified *verified);

/* 0 or -ENOMEM. */
int verified_digest(struct verified *verified, struct text token, struct token_digest *ret);

/* Whether that token has been added and not yet made room. */
bool verified_has(struct verified *verified, const struct token_digest *digest);

/* Of a token whose signature is good, and that is not there. */
void verified_add(struct verified *verified, const struct token_digest *digest);

#endif
