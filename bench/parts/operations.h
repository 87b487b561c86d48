/* What a login and a token cost at least: the calls of libcrypto and libcrypt alone, with keys
 * loaded and contexts made beforehand. */
#ifndef JETON_BENCH_OPERATIONS_H
#define JETON_BENCH_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a key of ES256, a signature to check and a hash to compare. */
bool operations_open(void);

/* Each gives whether it came out as it must. */
bool operation_nothing(void);
bool operation_sign(void);   /* ES256 over as many bytes as our tokens have */
bool operation_verify(void); /* of one such */
bool operation_digest(void); /* SHA-256 of a token: what finding one again takes */
bool operation_crypt(void);  /* yescrypt as crypt_gensalt(3) sets it up: one login */

struct operation {
        const char *name;
        bool (*run)(void);
};

/* NULL: no operation of that name. */
const struct operation *operation_find(const char *name, size_t len);

#endif
