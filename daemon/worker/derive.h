/* The password hashes that crypt(3) does not know: Argon2 by libargon2, PBKDF2 by OpenSSL. */
#ifndef JETON_WORKER_DERIVE_H
#define JETON_WORKER_DERIVE_H

#include "../../common/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the setting is of one of these schemes (daemon/privsep/kdf.h). */
bool derive_knows(struct text setting);

/* The hash of `password` under such a setting, with a NUL behind it. 0; -EINVAL: the setting is
 * none, or over a ceiling, or does not fit; -ENOMEM: it asks for more memory than there is. The
 * caller wipes *ret. */
int derive(struct text password, struct text setting, char *ret, size_t size);

/* Loads what the libraries ever will. Before the process is confined. 0 or -errno. */
int derive_prepare(void);

#endif
