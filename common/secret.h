/* Passwords, tokens and keys in memory: one type that wipes itself, never grows in place and is
 * never printed. */
#ifndef JETON_SECRET_H
#define JETON_SECRET_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>

struct secret {
        size_t len;
        char bytes[]; /* len bytes and a NUL behind them */
};

/* A copy of `len` bytes on the heap. 0 or -ENOMEM. */
int secret_new(const void *bytes, size_t len, struct secret **ret);

/* `len` zero bytes, to be written in place. 0 or -ENOMEM. */
int secret_reserve(size_t len, struct secret **ret);

/* Wipes and frees. NULL is fine. */
void secret_free(struct secret *secret);

static inline void secret_freep(struct secret **secret) {
        secret_free(*secret);
        *secret = NULL;
}

/* NULL gives the empty text. */
static inline struct text secret_text(const struct secret *secret) {
        return secret ? (struct text){secret->bytes, secret->len} : TEXT_NONE;
}

/* Compares in time that depends on the lengths alone. The only place where secrets are compared. */
bool secret_equal(struct text a, struct text b);

/* `len` bytes from the kernel's generator (getrandom(2)). 0 or -errno; nothing weaker is ever
 * given. */
int secret_random(void *ret, size_t len);

#endif
