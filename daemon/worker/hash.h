/* One password hash, and no trace of it left behind. */
#ifndef JETON_WORKER_HASH_H
#define JETON_WORKER_HASH_H

#include "../../common/text.h"

#include <crypt.h>

/* The hash of `password` under `setting`, with a NUL behind it: crypt(3)'s, or one of derive.h. 0;
 * -EINVAL: an unknown setting, a password that is too long or holds a NUL; -ENOMEM when the setting
 * asks for more memory than this process may have. The caller wipes *ret. */
int hash_compute(struct text password, struct text setting, char ret[CRYPT_OUTPUT_SIZE]);

#endif
