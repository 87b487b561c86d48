/* A whole database as one file or as bytes: copied while others write, and looked at before it is
 * believed. */
#ifndef JETON_STORE_COPY_H
#define JETON_STORE_COPY_H

#include "store.h"

#include <stdint.h>

/* A copy of one moment (copy_make(), migrate.h), written to a descriptor. For a moment it is a file
 * of the directory; one that a copy that was broken off has left gives way. -EBUSY: another copy is
 * being made. */
int store_copy_out(struct store *store, int dir_fd, int output);

/* Opens the bytes of a database, which it lends, to be read. *ret and errors as store_open(). */
int store_open_image(const void *bytes, size_t len, struct store **ret);

struct store_facts {
        int64_t schema;
        uint64_t users;
};

/* Looks at every page and row. 0; -EBADMSG: it is damaged; -EPROTONOSUPPORT: of a newer jeton;
 * other -errno; with a sentence. */
int store_examine(struct store *store, struct store_facts *ret);

#endif
