/* The schema, version by version, and the way from one to the next. */
#include "migrate.h"

#include "../../../common/cleanup.h"
#include "database.h"

#include <fcntl.h>

/* PRAGMA application_id: tells our file from any other SQLite database. "jetn". */
#define APPLICATION_ID 0x6a65746e

#define STRINGIFY(macro) #macro
#define STRING(macro)    STRINGIFY(macro)

/* The checks repeat common/name.h and its bounds: what a bug lets through still does not get in.
 * AUTOINCREMENT keeps the highest id ever given, so that none is given twice: tokens name users by
 * it. A uid is unique, so that an account is linked to one user at most. */
static const char version_1[] = "PRAGMA application_id = " STRING(
        APPLICATION_ID) ";"
                        "CREATE TABLE users ("
                        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                        " name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 32"
                        "  AND name GLOB '[a-z_]*' AND name NOT GLOB '*[^a-z0-9_.-]*' AND name <> "
                        "'me'),"
                        " full_name TEXT NOT NULL DEFAULT '' CHECK (length(CAST(full_name AS "
                        "BLOB)) <= 256),"
                        " email TEXT NOT NULL DEFAULT '' CHECK (length(CAST(email AS BLOB)) <= "
                        "254),"
                        " password_hash TEXT CHECK (length(password_hash) BETWEEN 1 AND 383),"
                        " disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),"
                        " uid INTEGER UNIQUE CHECK (uid BETWEEN 1 AND 4294967294),"
                        " created_at INTEGER NOT NULL,"
                        " password_changed_at INTEGER NOT NULL DEFAULT 0"
                        ") STRICT;"
                        "CREATE TABLE user_roles ("
                        " user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
                        " role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 64"
                        "  AND role GLOB '[a-z]*' AND role NOT GLOB '*[^a-z0-9_.:-]*'),"
                        " PRIMARY KEY (user_id, role)"
                        ") STRICT, WITHOUT ROWID;";

/* Of refresh tokens only hashes; `rotation` makes the newest token of the one before, which alone
 * yields it, and goes when the grace has ended. Revocations name claims by a digest. */
static const char version_sessions[] =
        "CREATE TABLE sessions ("
        " sid TEXT PRIMARY KEY CHECK (length(sid) = 22),"
        " user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
        " client_id TEXT NOT NULL CHECK (length(client_id) BETWEEN 1 AND 128),"
        " audience TEXT NOT NULL,"
        " scope TEXT NOT NULL,"
        " amr TEXT NOT NULL,"
        " auth_time INTEGER NOT NULL,"
        " used_at INTEGER NOT NULL,"
        " expires_at INTEGER NOT NULL,"
        " family_key BLOB NOT NULL CHECK (length(family_key) = 32),"
        " current_hash BLOB NOT NULL CHECK (length(current_hash) = 32),"
        " previous_hash BLOB CHECK (length(previous_hash) = 32),"
        " rotation BLOB CHECK (length(rotation) = 32),"
        " grace_until INTEGER NOT NULL DEFAULT 0,"
        " CHECK ((previous_hash IS NULL) = (rotation IS NULL))"
        ") STRICT;"
        "CREATE INDEX sessions_of_user ON sessions (user_id);"
        "CREATE INDEX sessions_in_grace ON sessions (grace_until)"
        " WHERE previous_hash IS NOT NULL;"
        "CREATE TABLE revocations ("
        " kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),"
        " value BLOB NOT NULL CHECK (length(value) = 16),"
        " before INTEGER NOT NULL,"
        " drop_at INTEGER NOT NULL,"
        " subject BLOB CHECK (length(subject) = 16),"
        " PRIMARY KEY (kind, value)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX revocations_of_subject ON revocations (subject) WHERE subject IS NOT NULL;"
        "CREATE INDEX revocations_by_end ON revocations (drop_at);"
        "CREATE TABLE lifetimes ("
        " id INTEGER PRIMARY KEY CHECK (id = 1),"
        " lifetime_s INTEGER NOT NULL,"
        " horizon INTEGER NOT NULL"
        ") STRICT;";

/* 0: never. */
static const char version_account_end[] = "ALTER TABLE users ADD COLUMN expires_at INTEGER NOT NULL"
                                          " DEFAULT 0 CHECK (expires_at >= 0);";

/* No more rows than the throttle has: each is written in its place. */
static const char version_throttle[] =
        "CREATE TABLE throttle ("
        " slot INTEGER PRIMARY KEY CHECK (slot BETWEEN 0 AND 65535),"
        " user TEXT NOT NULL CHECK (length(user) BETWEEN 1 AND 32),"
        " source BLOB NOT NULL CHECK (length(source) = 16),"
        " failures INTEGER NOT NULL CHECK (failures BETWEEN 0 AND 4294967295),"
        " locked_until INTEGER NOT NULL,"
        " resets_at INTEGER NOT NULL,"
        " succeeded INTEGER NOT NULL CHECK (succeeded IN (0, 1))"
        ") STRICT;";

/* So that neither a login nor the end of a session reads the rows of others, however many there
 * are. Sessions of before are charged to uid 0. */
static const char version_session_shares[] =
        "ALTER TABLE sessions ADD COLUMN charged_to INTEGER NOT NULL DEFAULT 0"
        " CHECK (charged_to BETWEEN 0 AND 4294967295);"
        "CREATE INDEX sessions_of_uid ON sessions (charged_to, used_at);"
        "CREATE INDEX sessions_by_login ON sessions (auth_time DESC, sid);"
        "CREATE INDEX sessions_by_use ON sessions (used_at);"
        "CREATE INDEX sessions_by_end ON sessions (expires_at);";

/* The digest is that of 256 random bits: nothing to guess, so one pass of SHA-256 tells no more
 * than many of crypt(3) would, and costs the caller nothing. */
static const char version_clients[] =
        "CREATE TABLE clients ("
        " id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB "
        "'*[^A-Za-z0-9_.-]*' AND id <> 'local'),"
        " name TEXT NOT NULL DEFAULT '' CHECK (length(CAST(name AS BLOB)) <= 256),"
        " secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),"
        " audiences TEXT NOT NULL CHECK (length(audiences) BETWEEN 1 AND 2048),"
        " scopes TEXT NOT NULL DEFAULT '' CHECK (length(scopes) <= 1024),"
        " enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),"
        " created_at INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID;";

/* Of system logins whose token is in a file; `process` opened the session. */
static const char version_logins[] = "CREATE TABLE logins ("
                                     " sid TEXT PRIMARY KEY CHECK (length(sid) = 22),"
                                     " user_id INTEGER NOT NULL,"
                                     " uid INTEGER NOT NULL CHECK (uid BETWEEN 1 AND 4294967294),"
                                     " boot TEXT NOT NULL,"
                                     " pid INTEGER NOT NULL,"
                                     " process INTEGER NOT NULL,"
                                     " audience TEXT NOT NULL,"
                                     " scope TEXT NOT NULL,"
                                     " amr TEXT NOT NULL,"
                                     " auth_time INTEGER NOT NULL"
                                     ") STRICT;";

/* The end of more sessions than are removed at once: theirs are those that are older than it. The
 * id is never given twice, so that no session is taken for one that came before. */
static const char version_endings[] =
        "CREATE TABLE endings ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " client_id TEXT CHECK (length(client_id) BETWEEN 1 AND 128),"
        " login_before INTEGER NOT NULL"
        ") STRICT;"
        "ALTER TABLE sessions ADD COLUMN after_ending INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX sessions_of_client ON sessions (client_id, auth_time);";

/* Of users who registered themselves: whose share of them they are. */
static const char version_user_shares[] =
        "ALTER TABLE users ADD COLUMN charged_to INTEGER CHECK (charged_to BETWEEN 0 AND "
        "4294967295);"
        "CREATE INDEX users_of_share ON users (charged_to) WHERE charged_to IS NOT NULL;";

/* A password that its user is to change at the next login. */
static const char version_must_change[] =
        "ALTER TABLE users ADD COLUMN must_change INTEGER NOT NULL"
        " DEFAULT 0 CHECK (must_change IN (0, 1));";

/* A session of before began at no known time: it ends with whatever ends older ones. */
static const char version_login_began[] =
        "ALTER TABLE logins ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;";

/* `email_of`: who has set it: 0 its user, or nobody knows; 1 an administrator, and it may make one
 * link; 2 an administrator, and a link was made since. What was used of outside tokens is kept
 * until it has expired. */
static const char version_outside_links[] =
        "ALTER TABLE users ADD COLUMN email_of INTEGER NOT NULL DEFAULT 0"
        " CHECK (email_of BETWEEN 0 AND 2);"
        "CREATE INDEX users_of_email ON users (email COLLATE NOCASE) WHERE email_of > 0;"
        "CREATE TABLE outside_links ("
        " issuer TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 255),"
        " sub TEXT NOT NULL CHECK (length(sub) BETWEEN 1 AND 255),"
        " user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
        " by_email INTEGER NOT NULL CHECK (by_email IN (0, 1)),"
        " created_at INTEGER NOT NULL,"
        " PRIMARY KEY (issuer, sub)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX outside_links_of_user ON outside_links (user_id);"
        "CREATE TABLE outside_tokens ("
        " digest BLOB PRIMARY KEY CHECK (length(digest) = 32),"
        " forget_at INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX outside_tokens_by_end ON outside_tokens (forget_at);";

const struct migration migrations[] = {
        {version_1},           {version_sessions},       {version_account_end},
        {version_throttle},    {version_session_shares}, {version_clients},
        {version_logins},      {version_endings},        {version_user_shares},
        {version_must_change}, {version_login_began},    {version_outside_links},
};
const size_t migrations_count = ELEMENTS(migrations);

/* The first column of the first row. */
static int number_read(struct store *store, const char *sql, const char *doing, int64_t *ret) {
        sqlite3_stmt *statement = NULL;
        int code, r = 0;

        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        else
                r = store_fail(store, code, doing);
        sqlite3_finalize(statement);
        return r;
}

int migrate_version(struct store *store, size_t newest, int64_t *ret) {
        int64_t application = 0, tables = 0, version = 0;
        int r;

        r = number_read(store, "PRAGMA application_id", "reading whose it is", &application);
        if (r == 0)
                r = number_read(store, "PRAGMA user_version", "reading its version", &version);
        if (r == 0)
                r = number_read(store, "SELECT count(*) FROM sqlite_schema", "reading its schema",
                                &tables);
        if (r < 0)
                return r;
        if (tables == 0 && version == 0 && application == 0) {
                *ret = 0;
                return 0;
        }
        if (application != APPLICATION_ID || version <= 0)
                return store_refuse(store, -EBADMSG, STORE_FILE " is no database of jeton's");
        if ((uint64_t)version > newest)
                return store_refuse(store, -EPROTONOSUPPORT,
                                    STORE_FILE " has schema version %lld, of a newer jeton: this "
                                               "one knows %zu and older",
                                    (long long)version, newest);
        *ret = version;
        return 0;
}

/* An empty file that only we may read, for VACUUM INTO to fill: its own would get another mode. */
static int file_create(struct store *store, int dir_fd, const char *name, int *ret_fd) {
        int fd;

        if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
                return store_refuse(store, -errno, "%s: cannot remove it: %m", name);
        fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return store_refuse(store, -errno, "%s: cannot create it: %m", name);
        *ret_fd = fd;
        return 0;
}

int copy_make(struct store *store, int dir_fd, const char *name, const char *doing, int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        char sql[128];
        int r;

        snprintf(sql, sizeof sql, "VACUUM INTO '%s'", name);
        r = file_create(store, dir_fd, name, &fd);
        if (r < 0)
                return r;
        r = store_execute(store, sql, doing);
        if (r < 0) {
                unlinkat(dir_fd, name, 0);
                return r;
        }
        *ret_fd = take_fd(&fd);
        return 0;
}

/* A copy that a broken off migration left is of the same state and gives way. */
static int copy_keep(struct store *store, int dir_fd, int64_t version) {
        _cleanup_(closep) int fd = -1;
        char name[64];
        int r;

        snprintf(name, sizeof name, STORE_FILE ".before-%lld", (long long)version);
        r = copy_make(store, dir_fd, name, "keeping a copy before its schema changes", &fd);
        if (r == 0 && (fsync(fd) < 0 || fsync(dir_fd) < 0))
                r = store_refuse(store, -errno, "%s: fsync: %m", name);
        return r;
}

static int step_run(struct store *store, const char *step, int64_t version) {
        char set_version[64];
        int r;

        snprintf(set_version, sizeof set_version, "PRAGMA user_version = %lld", (long long)version);
        r = store_execute(store, "BEGIN EXCLUSIVE", "beginning a migration");
        if (r < 0)
                return r;
        r = store_execute(store, step, "migrating its schema");
        if (r == 0)
                r = store_execute(store, set_version, "migrating its schema");
        if (r == 0)
                r = store_execute(store, "COMMIT", "committing a migration");
        if (!sqlite3_get_autocommit(store->db))
                sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int migrate(struct store *store, int dir_fd, const struct migration *steps, size_t count,
            bool *ret_created) {
        int64_t version = 0;
        bool is_new;
        int r;

        r = migrate_version(store, count, &version);
        if (r < 0)
                return r;
        is_new = version == 0;
        while (version < (int64_t)count) {
                version++;
                r = is_new ? 0 : copy_keep(store, dir_fd, version);
                if (r == 0)
                        r = step_run(store, steps[version - 1].sql, version);
                if (r < 0)
                        return r;
        }
        *ret_created = is_new;
        return 0;
}
