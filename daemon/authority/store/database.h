/* What the files of this folder share: the connection to SQLite, its statements, its errors and its
 * transactions. Nobody outside includes this. */
#ifndef JETON_STORE_DATABASE_H
#define JETON_STORE_DATABASE_H

#include "store.h"
#include "transaction.h"
#include "../../../common/text.h"

#include <sqlite3.h>
#include <stdint.h>

#define STORE_ERROR_MAX 256

/* Prepared once, in database.c's table. */
enum statement {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_ROLLBACK,
        STATEMENT_SAVE,
        STATEMENT_SAVE_KEEP,
        STATEMENT_SAVE_UNDO,
        STATEMENT_CHECK,
        STATEMENT_FIND_NAME,
        STATEMENT_FIND_ID,
        STATEMENT_FIND_UID,
        STATEMENT_COUNT_LINKED,
        STATEMENT_COUNT_SHARE,
        STATEMENT_ADD,
        STATEMENT_ADD_ROLE,
        STATEMENT_SET_HASH,
        STATEMENT_CHANGE,
        STATEMENT_REMOVE_ROLES,
        STATEMENT_REMOVE,
        STATEMENT_LIST,
        STATEMENT_COUNT_MATCHES,
        STATEMENT_LINKED_UIDS,
        STATEMENT_ROLE_EXISTS,
        STATEMENT_SESSION_ADD,
        STATEMENT_SESSION_TRIM_USER,
        STATEMENT_SESSION_TRIM_UID,
        STATEMENT_SESSION_FIND,
        STATEMENT_SESSION_ROTATE,
        STATEMENT_SESSION_LIST,
        STATEMENT_SESSION_LIST_USER,
        STATEMENT_SESSION_COUNT,
        STATEMENT_SESSION_COUNT_USER,
        STATEMENT_SESSION_END,
        STATEMENT_SESSION_END_USER,
        STATEMENT_SESSION_USED,
        STATEMENT_SESSION_END_CLIENT,
        STATEMENT_SESSION_END_ALL,
        STATEMENT_SESSION_FLOOR,
        STATEMENT_SESSION_LATEST,
        STATEMENT_ENDING_ADD,
        STATEMENT_ENDING_COVERED,
        STATEMENT_ENDING_OLDEST,
        STATEMENT_ENDING_REMOVE,
        STATEMENT_REVOKE,
        STATEMENT_REVOKED_COUNT,
        STATEMENT_REVOKED_FORGET,
        STATEMENT_REVOKED_MERGE,
        STATEMENT_REVOKED_MERGED,
        STATEMENT_REVOKED_LIST,
        STATEMENT_SWEEP_EXPIRED,
        STATEMENT_SWEEP_IDLE,
        STATEMENT_SWEEP_GRACES,
        STATEMENT_SWEEP_REVOCATIONS,
        STATEMENT_NEXT_GRACE,
        STATEMENT_LIFETIMES_READ,
        STATEMENT_LIFETIMES_WRITE,
        STATEMENT_THROTTLE_WRITE,
        STATEMENT_THROTTLE_READ,
        STATEMENT_THROTTLE_UNLOCK,
        STATEMENT_CLIENT_FIND,
        STATEMENT_CLIENT_ADD,
        STATEMENT_CLIENT_CHANGE,
        STATEMENT_CLIENT_DELETE,
        STATEMENT_CLIENT_LIST,
        STATEMENT_CLIENT_COUNT,
        STATEMENT_LOGIN_ADD,
        STATEMENT_LOGIN_REMOVE,
        STATEMENT_LOGIN_LIST,
        STATEMENT_LINK_FIND,
        STATEMENT_LINK_FIND_EMAIL,
        STATEMENT_LINK_COUNT,
        STATEMENT_LINK_ADD,
        STATEMENT_LINK_SPEND_EMAIL,
        STATEMENT_LINK_REMOVE,
        STATEMENT_LINK_LIST,
        STATEMENT_OUTSIDE_USE,
        STATEMENT_OUTSIDE_FORGET,
        STATEMENT_COUNT,
};

/* There is one at a time. */
struct transaction {
        struct store *store; /* borrowed: it holds us */
        int error;           /* SQLite has given the whole of it up, for this reason */
};

struct store {
        sqlite3 *db;
        sqlite3_stmt *statements[STATEMENT_COUNT];
        struct transaction transaction;
        int64_t version; /* of what is open beside a daemon */
        char error[STORE_ERROR_MAX];
};

/* Keeps a sentence about what SQLite has just refused ("jeton.db: DOING: ...") and returns its code
 * as -errno. */
int store_fail(struct store *store, int code, const char *doing);

/* Keeps a sentence of our own and returns `error`. */
int store_refuse(struct store *store, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Has SQLite distrust what is in the file, and keep to the rules of this folder. 0 or -errno, with
 * a sentence. */
int store_harden(struct store *store);

/* The first value of the first row is to be `answer`. 0; -EBADMSG when it is not; other -errno;
 * with a sentence. */
int store_expect(struct store *store, const char *sql, const char *answer, const char *doing);

/* Runs SQL that gives no rows. 0 or -errno, with a sentence. */
int store_execute(struct store *store, const char *sql, const char *doing);

/* One commit, of nothing new: it writes a page all the same. 0 or -errno, with a sentence. */
int store_commit_nothing(struct store *store);

/* Prepares every statement, the schema being up to date. 0 or -errno, with a sentence. */
int store_prepare(struct store *store);

/* ---- a statement from its first binding to its end ---- */

/* Lends a statement, ready to be bound. Parameters are numbered from 1; texts are lent until the
 * statement is given back. */
sqlite3_stmt *statement_borrow(struct store *store, enum statement which);

/* Gives it back: its texts are not touched any more. */
static inline void statement_returnp(sqlite3_stmt **statement) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
}

#define _cleanup_statement_ __attribute__((cleanup(statement_returnp)))

/* Binding fails only for lack of memory or a number that the SQL does not have: the first failure
 * is kept in *code, and nothing is bound after it. */
void bind_text(sqlite3_stmt *statement, int number, struct text text, int *code);
void bind_text_or_null(sqlite3_stmt *statement, int number, struct text text, int *code);
void bind_number(sqlite3_stmt *statement, int number, int64_t value, int *code);
void bind_bytes(sqlite3_stmt *statement, int number, const void *bytes, size_t len, int *code);
void bind_uid(sqlite3_stmt *statement, int number, bool has_uid, uint32_t uid, int *code);

/* A column's text, lent until the statement goes on. */
struct text column_text(sqlite3_stmt *statement, int column);

/* The same as a string of one's own. 0 or -ENOMEM. */
int column_string(sqlite3_stmt *statement, int column, char **ret);

/* Runs a statement that gives no rows. 0 or -errno, with a sentence. */
int statement_run(struct store *store, sqlite3_stmt *statement, int code, const char *doing);

/* The number that a statement always gives, such as a count. 0 or -errno, with a sentence. */
int statement_number(struct store *store, sqlite3_stmt *statement, int code, const char *doing,
                     int64_t *ret);

/* The same of SQL that is asked once. */
int store_number(struct store *store, const char *sql, const char *doing, int64_t *ret);

/* Goes to the first row of a statement: 0, -ENOENT when it has none, other -errno with a sentence.
 */
int statement_find(struct store *store, sqlite3_stmt *statement, int code, const char *doing);

#endif
