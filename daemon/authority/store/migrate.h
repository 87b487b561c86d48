/* The schema and how it came to be: one step for each version, never changed once released. */
#ifndef JETON_STORE_MIGRATE_H
#define JETON_STORE_MIGRATE_H

#include "store.h"

#include <stdint.h>

struct migration {
        const char *sql; /* from the version before to this one; several statements */
};

/* The steps that this program knows. */
extern const struct migration migrations[];
extern const size_t migrations_count;

/* The schema's version; 0: an empty database. One that is not ours or comes from a later program
 * than one of version `newest` is refused. 0 or -errno as store_open(), with a sentence. */
int migrate_version(struct store *store, size_t newest, int64_t *ret);

/* A copy of one moment in a new file of that name, 0600, in the directory, which is the working
 * directory too; what had that name gives way. VACUUM INTO: it reads in one transaction, and leaves
 * out free pages, in which old hashes may be. 0 or -errno, with a sentence; then there is none. */
int copy_make(struct store *store, int dir_fd, const char *name, const char *doing, int *ret_fd);

/* Brings the open database to version `count`, step by step, each in a transaction of its own and,
 * unless the database is empty, after a copy to "jeton.db.before-N" in the directory, which is the
 * working directory too. *ret_created: it was empty. 0 or -errno as store_open(), with a sentence.
 */
int migrate(struct store *store, int dir_fd, const struct migration *steps, size_t count,
            bool *ret_created);

#endif
