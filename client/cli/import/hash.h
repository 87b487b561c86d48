/* Hashes in the spelling of another program, in that of jetond. What a hash costs and whether it is
 * one is jetond's to say. */
#ifndef JETON_CLI_IMPORT_HASH_H
#define JETON_CLI_IMPORT_HASH_H

#include "../../../common/text.h"

#define HASH_SPELLING_MAX 512

/* Django's names before a hash ("pbkdf2_sha256$ROUNDS$salt$digest", "argon2$...", "bcrypt$...")
 * become what passlib writes; all else stays as it is. Wipe *ret. 0; -EINVAL: it is too long, or
 * begins as one of those and is none. */
int hash_respell(struct text hash, char ret[HASH_SPELLING_MAX]);

#endif
