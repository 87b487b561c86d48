/* All users as a text, for `jeton user export`: with their hashes, for this is what it is for. */
#ifndef JETON_AUTHORITY_USER_EXPORT_H
#define JETON_AUTHORITY_USER_EXPORT_H

#include "store/users.h"

#include <stdio.h>

/* Writes one user to a stream; errors stay in the stream. NULL: what stands before the first. */
typedef void user_writer(FILE *out, const struct user *user);

user_writer user_write_json; /* JSON lines (jeton(1)) */
user_writer user_write_csv;  /* RFC 4180, with a header */

/* Everybody by ascending id, as they stood at one moment. 0; -errno of the stream, or of the store
 * with its sentence. */
int users_export(struct store *store, user_writer *write, FILE *out);

#endif
