/* Password hashes as far as the authority must know them: a new setting, the setting within a
 * stored hash, the digest behind it. It computes no hash and links no libcrypt: workers do that,
 * and a worker is shown settings only, never a digest. */
#ifndef JETON_AUTHORITY_SETTING_H
#define JETON_AUTHORITY_SETTING_H

#include "../../common/name.h"

#include <stdbool.h>

#define SETTING_MAX 192                     /* bytes of a setting, with its NUL */
#define HASH_MAX    (PASSWORD_HASH_MAX + 1) /* bytes of a hash, with its NUL */

/* A setting for a new password: yescrypt at libxcrypt's default cost and 128 random bits of salt.
 * 0 or -errno of secret_random(). */
int setting_new(char ret[SETTING_MAX]);

/* A setting like those of setting_new(), the same one as long as the process lives: what a login is
 * hashed with when there is no user, no password or no right to log in. 0 or -errno. */
int setting_decoy(char ret[SETTING_MAX]);

/* Cuts a stored hash: what a worker may be given, and the digest (lent by `hash`) that it must not
 * be given. 0; -EINVAL: no hash of a scheme in scheme.c; -ERANGE: computing it would cost more than
 * SETTING_MEMORY_MAX (Argon2: ARGON2_MEMORY_MAX) or about SETTING_TIME_MAX_MS. */
int setting_of_hash(struct text hash, char ret[SETTING_MAX], struct text *ret_digest);

#define SETTING_MEMORY_MAX  (64 * 1024 * 1024) /* bytes */
#define SETTING_TIME_MAX_MS 500 /* for a short password, on one core of a server of 2020 */

/* What to call the hash's scheme in a log line; of the prefix alone, so it may be malformed. */
const char *setting_scheme_name(struct text hash);

/* Whether what a worker computed is what is stored: both of the same scheme, and equal digests,
 * compared by secret_equal(). false for anything that is no hash, "*0" and the empty text too. */
bool setting_digest_equal(struct text stored_hash, struct text computed_hash);

/* A hash of another scheme or of less cost than new ones have: to be replaced at the next login. */
bool setting_is_outdated(struct text hash);

#endif
