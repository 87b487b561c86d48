/* The user database: one SQLite file in the authority's own directory, its schema and what may be
 * relied on. What is in it is asked and changed through users.h. Never logs.
 *
 * Errors of SQLite arrive as -errno everywhere below: -EBUSY locked by another process, -ENOSPC
 * disk full, -EROFS read-only, -EBADMSG corrupt or not a database, -EIO read or write failed,
 * -ENOMEM. */
#ifndef JETON_STORE_STORE_H
#define JETON_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#define STORE_FILE "jeton.db"

struct store;

/* Opens "jeton.db" in the directory, or makes it (*ret_created), and brings its schema up to date.
 * A database that has to be changed for that is copied to "jeton.db.before-N" first, N being the
 * version that it is changed to. The process works in that directory afterwards (fchdir(2)): SQLite
 * takes names only. `dir_fd` stays the caller's.
 *
 * Refused: a directory or file of another owner than the effective uid, writable (the directory) or
 * readable (the file) by others, a symlink (-EPERM, -ELOOP); a schema newer than this program
 * (-EPROTONOSUPPORT); a damaged database or one that is not ours (-EBADMSG).
 *
 * Unlike elsewhere *ret is set on failure too, but for -ENOMEM: such a store can only say why by
 * store_error() and be freed. */
int store_open(int dir_fd, bool *ret_created, struct store **ret);

/* Opens one that is there, to copy it or, made ready, to read it beside a daemon that runs and
 * writes, or without one. *ret and refusals as above; -ENOENT: there is none. */
int store_open_beside(int dir_fd, struct store **ret);

/* Also a schema that is older than this program's is refused then (-EPROTONOSUPPORT). */
int store_make_ready(struct store *store);

/* NULL and a half-opened store are fine. */
void store_free(struct store *store);

static inline void store_freep(struct store **store) {
        store_free(*store);
        *store = NULL;
}

/* One ASCII sentence about the last failure, for a log: names the file and the reason, holds
 * nothing of a row. Lives until the next call with that store. Never NULL; `store` may be. */
const char *store_error(const struct store *store);

/* Reads one page through the database, for /health. 0 or -errno. */
int store_check(struct store *store);

#endif
