/* SQLite as the rest of this folder sees it: prepared statements, errors as errno, transactions.
 * Knows the SQL and nothing of what a user is. */
#include "database.h"

#include "../../../common/cleanup.h"

#include <stdarg.h>

/* A user, in the order that users.c reads him. */
#define USER_COLUMNS                                                             \
        "id, name, full_name, email, password_hash, disabled, uid, created_at, " \
        "password_changed_at, expires_at, must_change, "                         \
        "(SELECT group_concat(role, ' ') FROM (SELECT role FROM user_roles "     \
        " WHERE user_id = users.id ORDER BY role))"

/* A session, in the order that sessions.c reads it. */
#define SESSION_COLUMNS                                                                    \
        "sid, user_id, (SELECT name FROM users WHERE id = user_id), client_id, audience, " \
        "scope, amr, auth_time, used_at, expires_at, family_key, current_hash, "           \
        "previous_hash, rotation, grace_until FROM sessions"

/* Neither by its time nor by an ending whose rows are not gone yet (endings.h). */
#define SESSION_GOES_ON                                                               \
        "NOT EXISTS (SELECT 1 FROM endings WHERE endings.id > sessions.after_ending " \
        "AND sessions.auth_time < endings.login_before AND "                          \
        "ifnull(endings.client_id, sessions.client_id) = sessions.client_id)"
#define SESSION_LIVES "expires_at > ?2 AND used_at > ?3 AND " SESSION_GOES_ON

/* A client, in the order that clients.c reads it. */
#define CLIENT_COLUMNS "id, name, secret_digest, audiences, scopes, enabled, created_at"

/* SQLite's lower() knows ASCII only. instr() takes every byte of ?1 as it is: nothing to escape. */
#define MATCHES                                                                         \
        "(instr(lower(name), lower(?1)) > 0 OR instr(lower(full_name), lower(?1)) > 0 " \
        " OR instr(lower(email), lower(?1)) > 0)"

static const char *const sql_of[STATEMENT_COUNT] = {
        /* At once, so that nobody else changes what is read before it is written. */
        [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_ROLLBACK] = "ROLLBACK",
        [STATEMENT_SAVE] = "SAVEPOINT part",
        [STATEMENT_SAVE_KEEP] = "RELEASE part",
        [STATEMENT_SAVE_UNDO] = "ROLLBACK TO part",
        [STATEMENT_CHECK] = "SELECT 1 FROM users LIMIT 1",
        [STATEMENT_FIND_NAME] = "SELECT " USER_COLUMNS " FROM users WHERE name = ?1",
        [STATEMENT_FIND_ID] = "SELECT " USER_COLUMNS " FROM users WHERE id = ?1",
        [STATEMENT_FIND_UID] = "SELECT " USER_COLUMNS " FROM users WHERE uid = ?1",
        [STATEMENT_COUNT_LINKED] = "SELECT count(uid) FROM users",
        [STATEMENT_COUNT_SHARE] = "SELECT count(*) FROM users WHERE charged_to = ?1",
        [STATEMENT_ADD] = "INSERT INTO users (name, full_name, email, password_hash, uid, "
                          "created_at, password_changed_at, expires_at, charged_to, disabled, "
                          "must_change, email_of) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        /* Not OR IGNORE, which ignores CHECKs that fail as well. */
        [STATEMENT_ADD_ROLE] = "INSERT INTO user_roles (user_id, role) VALUES (?1, ?2) "
                               "ON CONFLICT (user_id, role) DO NOTHING",
        [STATEMENT_SET_HASH] = "UPDATE users SET password_hash = ?3 "
                               "WHERE id = ?1 AND password_hash = ?2",
        /* ?2 holds the bits of common/wire/user.h; ?10, unless empty, is the hash that was proven;
         * ?12, unless NULL, the account that the change was asked for. */
        [STATEMENT_CHANGE] = "UPDATE users SET full_name = iif(?2 & 1, ?3, full_name), "
                             "email = iif(?2 & 2, ?4, email), "
                             /* whose record is saved with the address that it had has none set */
                             "email_of = iif(?2 & 2 AND NOT (?13 AND email IS ?4 COLLATE NOCASE), "
                             "?13, email_of), "
                             "disabled = iif(?2 & 8, ?5, disabled), "
                             "expires_at = iif(?2 & 16, ?6, expires_at), "
                             "uid = iif(?2 & 32, ?7, uid), "
                             "password_hash = iif(?2 & 64, ?8, password_hash), "
                             "password_changed_at = iif(?2 & 64, ?9, password_changed_at), "
                             /* who has a new one need not change it, unless that is said too */
                             "must_change = iif(?2 & 128, ?11, iif(?2 & 64, 0, must_change)) "
                             "WHERE id = ?1 AND (?10 = '' OR password_hash = ?10) "
                             "AND (?12 IS NULL OR uid = ?12)",
        [STATEMENT_REMOVE_ROLES] = "DELETE FROM user_roles WHERE user_id = ?1",
        [STATEMENT_REMOVE] = "DELETE FROM users WHERE id = ?1",
        [STATEMENT_LIST] = "SELECT " USER_COLUMNS " FROM users WHERE " MATCHES
                           " ORDER BY id LIMIT ?2 OFFSET ?3",
        [STATEMENT_COUNT_MATCHES] = "SELECT count(*) FROM users WHERE " MATCHES,
        [STATEMENT_LINKED_UIDS] = "SELECT uid FROM users WHERE uid IS NOT NULL ORDER BY uid",
        [STATEMENT_ROLE_EXISTS] =
                "SELECT EXISTS (SELECT 1 FROM user_roles JOIN users ON users.id = user_id "
                "WHERE role = ?1 AND disabled = 0 AND (expires_at = 0 OR expires_at > ?2))",

        [STATEMENT_SESSION_ADD] =
                "INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time, "
                "used_at, expires_at, family_key, current_hash, charged_to, after_ending) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                "(SELECT ifnull(max(id), 0) FROM endings))",
        [STATEMENT_SESSION_TRIM_USER] =
                "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions "
                "WHERE user_id = ?1 ORDER BY used_at DESC, rowid DESC LIMIT ?3 OFFSET ?2) "
                "RETURNING sid, (SELECT name FROM users WHERE id = user_id)",
        [STATEMENT_SESSION_TRIM_UID] =
                "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions "
                "WHERE charged_to = ?1 ORDER BY used_at DESC, rowid DESC LIMIT ?3 OFFSET ?2) "
                "RETURNING sid, (SELECT name FROM users WHERE id = user_id)",
        [STATEMENT_SESSION_FIND] = "SELECT " SESSION_COLUMNS " WHERE sid = ?1 AND " SESSION_GOES_ON,
        [STATEMENT_SESSION_ROTATE] =
                "UPDATE sessions SET previous_hash = ?2, current_hash = ?3, rotation = ?4, "
                "grace_until = ?5, used_at = ?6 WHERE sid = ?1 AND current_hash = ?2",
        /* Of one and of all are told apart here: an OR of both would read every row. */
        [STATEMENT_SESSION_LIST] =
                "SELECT " SESSION_COLUMNS " WHERE auth_time >= ?1 AND " SESSION_LIVES
                " ORDER BY auth_time DESC, sid LIMIT ?4 OFFSET ?5",
        [STATEMENT_SESSION_LIST_USER] =
                "SELECT " SESSION_COLUMNS " WHERE user_id = ?1 AND " SESSION_LIVES
                " ORDER BY auth_time DESC, sid LIMIT ?4 OFFSET ?5",
        [STATEMENT_SESSION_COUNT] =
                "SELECT count(*) FROM sessions WHERE auth_time >= ?1 AND " SESSION_LIVES,
        [STATEMENT_SESSION_COUNT_USER] =
                "SELECT count(*) FROM sessions WHERE user_id = ?1 AND " SESSION_LIVES,
        [STATEMENT_SESSION_END] = "DELETE FROM sessions WHERE sid = ?1",
        [STATEMENT_SESSION_END_USER] = "DELETE FROM sessions WHERE user_id = ?1 AND auth_time < ?2 "
                                       "AND sid <> ?3",
        [STATEMENT_SESSION_USED] = "SELECT sid FROM sessions WHERE user_id = ?1 AND auth_time < ?2 "
                                   "AND sid <> ?3 AND used_at >= ?4",
        [STATEMENT_SESSION_END_CLIENT] =
                "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions "
                "WHERE client_id = ?4 AND auth_time < ?1 AND after_ending < ?2 "
                "ORDER BY auth_time LIMIT ?3)",
        [STATEMENT_SESSION_END_ALL] = "DELETE FROM sessions WHERE rowid IN (SELECT rowid "
                                      "FROM sessions WHERE auth_time < ?1 AND after_ending < ?2 "
                                      "ORDER BY auth_time LIMIT ?3)",
        [STATEMENT_SESSION_FLOOR] =
                "SELECT auth_time FROM sessions ORDER BY auth_time DESC LIMIT 1 OFFSET ?1",
        [STATEMENT_SESSION_LATEST] =
                "SELECT max(ifnull((SELECT max(auth_time) FROM sessions WHERE auth_time <= ?1), "
                "0), "
                "ifnull((SELECT max(used_at) FROM sessions WHERE used_at <= ?1), 0))",
        [STATEMENT_ENDING_ADD] = "INSERT INTO endings (client_id, login_before) SELECT ?1, ?2 "
                                 "WHERE (SELECT count(*) FROM endings) < ?3",
        [STATEMENT_ENDING_COVERED] =
                "DELETE FROM endings WHERE login_before <= ?2 AND (?1 IS NULL OR client_id = ?1)",
        [STATEMENT_ENDING_OLDEST] =
                "SELECT id, client_id, login_before FROM endings ORDER BY id LIMIT 1",
        [STATEMENT_ENDING_REMOVE] = "DELETE FROM endings WHERE id = ?1",
        [STATEMENT_REVOKE] =
                "INSERT INTO revocations (kind, value, before, drop_at, subject) "
                "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (kind, value) DO UPDATE SET "
                "before = max(before, excluded.before), drop_at = max(drop_at, excluded.drop_at)",
        [STATEMENT_REVOKED_COUNT] =
                "SELECT count(*) FROM revocations WHERE subject = ?1 AND drop_at > ?2",
        [STATEMENT_REVOKED_FORGET] = "DELETE FROM revocations WHERE subject = ?1",
        /* ?1 is the kind of a subject's entry, and both are run one after the other. */
        [STATEMENT_REVOKED_MERGE] =
                "INSERT INTO revocations (kind, value, before, drop_at) "
                "SELECT ?1, subject, ?2, ?3 FROM revocations WHERE subject IS NOT NULL "
                "GROUP BY subject HAVING count(*) > 1 ON CONFLICT (kind, value) DO UPDATE SET "
                "before = max(before, excluded.before), drop_at = max(drop_at, excluded.drop_at)",
        [STATEMENT_REVOKED_MERGED] =
                "DELETE FROM revocations WHERE subject IN (SELECT subject FROM revocations "
                "WHERE subject IS NOT NULL GROUP BY subject HAVING count(*) > 1)",
        [STATEMENT_REVOKED_LIST] = "SELECT kind, value, before, drop_at FROM revocations "
                                   "WHERE drop_at > ?1 ORDER BY kind, value",
        [STATEMENT_SWEEP_EXPIRED] = "DELETE FROM sessions WHERE rowid IN (SELECT rowid "
                                    "FROM sessions WHERE expires_at <= ?1 LIMIT ?2)",
        [STATEMENT_SWEEP_IDLE] = "DELETE FROM sessions WHERE rowid IN (SELECT rowid "
                                 "FROM sessions WHERE used_at <= ?1 LIMIT ?2)",
        [STATEMENT_SWEEP_GRACES] =
                "UPDATE sessions SET previous_hash = NULL, rotation = NULL, grace_until = 0 "
                "WHERE rowid IN (SELECT rowid FROM sessions "
                "WHERE previous_hash IS NOT NULL AND grace_until <= ?1 LIMIT ?2)",
        [STATEMENT_SWEEP_REVOCATIONS] =
                "DELETE FROM revocations WHERE (kind, value) IN (SELECT kind, value "
                "FROM revocations WHERE drop_at <= ?1 LIMIT ?2)",
        [STATEMENT_NEXT_GRACE] =
                "SELECT min(grace_until) FROM sessions WHERE previous_hash IS NOT NULL",
        [STATEMENT_LIFETIMES_READ] = "SELECT lifetime_s, horizon FROM lifetimes",
        [STATEMENT_LIFETIMES_WRITE] = "INSERT INTO lifetimes (id, lifetime_s, horizon) "
                                      "VALUES (1, ?1, ?2) ON CONFLICT (id) DO UPDATE SET "
                                      "lifetime_s = excluded.lifetime_s, "
                                      "horizon = excluded.horizon",
        [STATEMENT_THROTTLE_WRITE] =
                "INSERT OR REPLACE INTO throttle (slot, user, source, failures, locked_until, "
                "resets_at, succeeded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [STATEMENT_THROTTLE_READ] = "SELECT slot, user, source, failures, locked_until, resets_at, "
                                    "succeeded FROM throttle",
        [STATEMENT_THROTTLE_UNLOCK] =
                "UPDATE throttle SET failures = 0, locked_until = 0 WHERE user = ?1",
        [STATEMENT_CLIENT_FIND] = "SELECT " CLIENT_COLUMNS " FROM clients WHERE id = ?1",
        [STATEMENT_CLIENT_ADD] =
                "INSERT INTO clients (id, name, secret_digest, audiences, scopes, enabled, "
                "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [STATEMENT_CLIENT_CHANGE] = "UPDATE clients SET name = ?2, secret_digest = ?3, "
                                    "audiences = ?4, scopes = ?5, enabled = ?6 WHERE id = ?1",
        [STATEMENT_CLIENT_DELETE] = "DELETE FROM clients WHERE id = ?1",
        [STATEMENT_CLIENT_LIST] =
                "SELECT " CLIENT_COLUMNS " FROM clients ORDER BY id LIMIT ?1 OFFSET ?2",
        [STATEMENT_CLIENT_COUNT] = "SELECT count(*) FROM clients",
        [STATEMENT_LOGIN_ADD] =
                "INSERT INTO logins (sid, user_id, uid, boot, pid, process, audience, scope, amr, "
                "auth_time, began_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        [STATEMENT_LOGIN_REMOVE] = "DELETE FROM logins WHERE sid = ?1",
        [STATEMENT_LOGIN_LIST] = "SELECT sid, user_id, uid, boot, pid, process, audience, scope, "
                                 "amr, auth_time, began_at FROM logins",
        [STATEMENT_LINK_FIND] = "SELECT user_id FROM outside_links WHERE issuer = ?1 AND sub = ?2",
        /* Of those that an administrator has set; whether this one may still link is for the row.
         */
        [STATEMENT_LINK_FIND_EMAIL] =
                "SELECT id, email_of = 1 AND NOT EXISTS (SELECT 1 FROM outside_links "
                "WHERE user_id = users.id) FROM users "
                "WHERE email = ?1 COLLATE NOCASE AND email_of > 0 LIMIT 2",
        [STATEMENT_LINK_COUNT] = "SELECT count(*) FROM outside_links WHERE user_id = ?1",
        [STATEMENT_LINK_ADD] = "INSERT INTO outside_links (issuer, sub, user_id, by_email, "
                               "created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        [STATEMENT_LINK_SPEND_EMAIL] =
                "UPDATE users SET email_of = iif(email_of = 1, 2, email_of) WHERE id = ?1",
        [STATEMENT_LINK_REMOVE] =
                "DELETE FROM outside_links WHERE issuer = ?1 AND sub = ?2 AND user_id = ?3",
        [STATEMENT_LINK_LIST] = "SELECT issuer, sub, user_id, by_email, created_at "
                                "FROM outside_links WHERE user_id = ?1 "
                                "ORDER BY created_at, issuer, sub",
        [STATEMENT_OUTSIDE_USE] = "INSERT INTO outside_tokens (digest, forget_at) VALUES (?1, ?2) "
                                  "ON CONFLICT (digest) DO NOTHING",
        [STATEMENT_OUTSIDE_FORGET] = "DELETE FROM outside_tokens WHERE forget_at <= ?1",
};

/* By primary result code: the low byte of an extended one. */
static const struct {
        int code, error;
} errors[] = {
        {SQLITE_BUSY, EBUSY},        {SQLITE_LOCKED, EBUSY},    {SQLITE_PROTOCOL, EBUSY},
        {SQLITE_FULL, ENOSPC},       {SQLITE_READONLY, EROFS},  {SQLITE_CORRUPT, EBADMSG},
        {SQLITE_NOTADB, EBADMSG},    {SQLITE_NOMEM, ENOMEM},    {SQLITE_PERM, EACCES},
        {SQLITE_CONSTRAINT, EINVAL}, {SQLITE_MISMATCH, EINVAL}, {SQLITE_TOOBIG, E2BIG},
        {SQLITE_NOLFS, EFBIG},
};

static int errno_of(struct store *store, int code) {
        size_t i;

        if (code == SQLITE_IOERR_NOMEM)
                return ENOMEM;
        for (i = 0; i < ELEMENTS(errors); i++)
                if (errors[i].code == (code & 0xff))
                        return errors[i].error;
        /* SQLITE_IOERR, SQLITE_CANTOPEN and the rest. */
        if (sqlite3_system_errno(store->db) == ENOSPC || sqlite3_system_errno(store->db) == EDQUOT)
                return ENOSPC;
        return EIO;
}

int store_fail(struct store *store, int code, const char *doing) {
        int error = errno_of(store, code), system_error = sqlite3_system_errno(store->db);

        snprintf(store->error, sizeof store->error, STORE_FILE ": %s: %s%s%s", doing,
                 store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code),
                 error == EIO && system_error ? ": " : "",
                 error == EIO && system_error ? strerror(system_error) : "");
        return -error;
}

int store_refuse(struct store *store, int error, const char *format, ...) {
        va_list args;

        va_start(args, format);
        vsnprintf(store->error, sizeof store->error, format, args);
        va_end(args);
        return error;
}

int store_execute(struct store *store, const char *sql, const char *doing) {
        int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

        return code == SQLITE_OK ? 0 : store_fail(store, code, doing);
}

int store_prepare(struct store *store) {
        size_t i;
        int code;

        for (i = 0; i < STATEMENT_COUNT; i++) {
                code = sqlite3_prepare_v3(store->db, sql_of[i], -1, SQLITE_PREPARE_PERSISTENT,
                                          &store->statements[i], NULL);
                if (code != SQLITE_OK)
                        return store_fail(store, code, "preparing a statement");
        }
        return 0;
}

/* ---- statements ---- */

sqlite3_stmt *statement_borrow(struct store *store, enum statement which) {
        return store->statements[which];
}

void bind_text(sqlite3_stmt *statement, int number, struct text text, int *code) {
        if (*code == SQLITE_OK)
                *code = sqlite3_bind_text64(statement, number, text.p ? text.p : "", text.len,
                                            SQLITE_STATIC, SQLITE_UTF8);
}

void bind_text_or_null(sqlite3_stmt *statement, int number, struct text text, int *code) {
        if (text.len > 0)
                bind_text(statement, number, text, code);
        else if (*code == SQLITE_OK)
                *code = sqlite3_bind_null(statement, number);
}

void bind_number(sqlite3_stmt *statement, int number, int64_t value, int *code) {
        if (*code == SQLITE_OK)
                *code = sqlite3_bind_int64(statement, number, value);
}

void bind_bytes(sqlite3_stmt *statement, int number, const void *bytes, size_t len, int *code) {
        if (*code == SQLITE_OK)
                *code = sqlite3_bind_blob64(statement, number, bytes, len, SQLITE_STATIC);
}

void bind_uid(sqlite3_stmt *statement, int number, bool has_uid, uint32_t uid, int *code) {
        if (has_uid)
                bind_number(statement, number, uid, code);
        else if (*code == SQLITE_OK)
                *code = sqlite3_bind_null(statement, number);
}

struct text column_text(sqlite3_stmt *statement, int column) {
        const unsigned char *bytes = sqlite3_column_text(statement, column);

        if (!bytes)
                return TEXT_NONE;
        return (struct text){(const char *)bytes, (size_t)sqlite3_column_bytes(statement, column)};
}

int column_string(sqlite3_stmt *statement, int column, char **ret) {
        const struct text text = column_text(statement, column);
        char *string = strndup(text.p ? text.p : "", text.len);

        if (!string)
                return -ENOMEM;
        *ret = string;
        return 0;
}

int statement_run(struct store *store, sqlite3_stmt *statement, int code, const char *doing) {
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        return code == SQLITE_DONE ? 0 : store_fail(store, code, doing);
}

int statement_find(struct store *store, sqlite3_stmt *statement, int code, const char *doing) {
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
                return -ENOENT;
        return code == SQLITE_ROW ? 0 : store_fail(store, code, doing);
}

int statement_number(struct store *store, sqlite3_stmt *statement, int code, const char *doing,
                     int64_t *ret) {
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return store_fail(store, code, doing);
        *ret = sqlite3_column_int64(statement, 0);
        return 0;
}

int store_number(struct store *store, const char *sql, const char *doing, int64_t *ret) {
        sqlite3_stmt *statement = NULL;
        int code, r;

        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        r = statement_number(store, statement, code, doing, ret);
        sqlite3_finalize(statement);
        return r;
}
