/* A row of the users table as struct user. Within this folder. */
#ifndef JETON_STORE_USER_ROW_H
#define JETON_STORE_USER_ROW_H

#include "database.h"
#include "users.h"

/* Reads the row that a statement with all columns of a user (database.c) stands at. 0; -ENOMEM;
 * -EBADMSG when it holds what no version of the schema lets in. With a sentence. */
int user_row_read(struct store *store, sqlite3_stmt *statement, struct user **ret);

#endif
