/* Opening the database: whose file it is, how SQLite is to treat it, whether it is whole. */
#include "store.h"

#include "../../../common/cleanup.h"
#include "database.h"
#include "migrate.h"

#include <fcntl.h>
#include <sys/stat.h>

/* How long a statement waits for another process's lock: everybody waits with us. */
#define BUSY_MS 100

/* Nobody waits with who reads beside a daemon, and that may just be starting. */
#define BUSY_BESIDE_MS 10000

/* ---- the directory and the file, before SQLite sees them ---- */

static int directory_check(struct store *store, int dir_fd) {
        struct stat status;

        if (fstat(dir_fd, &status) < 0)
                return store_refuse(store, -errno, "the database's directory: %m");
        if (!S_ISDIR(status.st_mode))
                return store_refuse(store, -ENOTDIR, "the database's directory is none");
        if (status.st_uid != geteuid())
                return store_refuse(store, -EPERM,
                                    "the database's directory belongs to uid %u, not to uid %u",
                                    status.st_uid, geteuid());
        if (status.st_mode & (S_IWGRP | S_IWOTH))
                return store_refuse(store, -EPERM,
                                    "the database's directory may be written by others (mode %04o)",
                                    status.st_mode & 07777u);
        return 0;
}

static int file_check(struct store *store, int fd) {
        struct stat status;

        if (fstat(fd, &status) < 0)
                return store_refuse(store, -errno, STORE_FILE ": %m");
        if (!S_ISREG(status.st_mode))
                return store_refuse(store, -EPERM, STORE_FILE " is no regular file");
        if (status.st_uid != geteuid())
                return store_refuse(store, -EPERM, STORE_FILE " belongs to uid %u, not to uid %u",
                                    status.st_uid, geteuid());
        if (status.st_mode & (S_IRWXG | S_IRWXO))
                return store_refuse(store, -EPERM,
                                    STORE_FILE " is open to others (mode %04o): make it 0600",
                                    status.st_mode & 07777u);
        if (status.st_nlink != 1)
                return store_refuse(store, -EPERM, STORE_FILE " has another name somewhere");
        return 0;
}

/* An empty file is a new database to SQLite. */
static int file_find(struct store *store, int dir_fd, bool may_create) {
        const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int fd, r;

        fd = openat(dir_fd, STORE_FILE, flags);
        if (fd < 0 && errno == ENOENT && may_create)
                fd = openat(dir_fd, STORE_FILE, flags | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno == ELOOP)
                return store_refuse(store, -ELOOP, STORE_FILE " is a symbolic link");
        if (fd < 0)
                return store_refuse(store, -errno, STORE_FILE ": %m");
        r = file_check(store, fd);
        /* Before SQLite has it: a later close would drop SQLite's locks (fcntl(2)). */
        close(fd);
        return r;
}

/* ---- the connection ---- */

/* Flags that SQL cannot turn back. */
static const int hardening[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},    {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
};

/* FULL: a commit is on the disk when it returns. secure_delete: a hash that was replaced does not
 * stay in free pages. temp_store: no file is made once the process is confined. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA secure_delete = ON;"
                               "PRAGMA temp_store = MEMORY;";

int store_harden(struct store *store) {
        size_t i;
        int code;

        for (i = 0; i < ELEMENTS(hardening); i++) {
                code = sqlite3_db_config(store->db, hardening[i][0], hardening[i][1], NULL);
                if (code != SQLITE_OK)
                        return store_fail(store, code, "setting up SQLite");
        }
        code = sqlite3_busy_timeout(store->db, BUSY_MS);
        if (code != SQLITE_OK)
                return store_fail(store, code, "setting up SQLite");
        return store_execute(store, settings, "setting up SQLite");
}

static int connection_open(struct store *store, int dir_fd) {
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_EXRESCODE;
        int code;

        if (fchdir(dir_fd) < 0)
                return store_refuse(store, -errno, "the database's directory: %m");
        code = sqlite3_open_v2(STORE_FILE, &store->db, flags, NULL);
        if (code != SQLITE_OK)
                return store_fail(store, code, "opening it");
        return store_harden(store);
}

/* ---- what is in it ---- */

/* SQLite says in which database something is damaged, and in a second line what. */
static struct text last_line(struct text text) {
        const char *end = text.len > 0 ? memrchr(text.p, '\n', text.len) : NULL;

        return end ? (struct text){end + 1, text.len - (size_t)(end + 1 - text.p)} : text;
}

int store_expect(struct store *store, const char *sql, const char *answer, const char *doing) {
        sqlite3_stmt *statement = NULL;
        struct text found;
        int code, r = 0;

        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
                r = store_fail(store, code, doing);
        } else {
                found = last_line(column_text(statement, 0));
                if (!text_is(found, text_of(answer)))
                        r = store_refuse(store, -EBADMSG, STORE_FILE ": %s: %.*s", doing,
                                         TEXT_ARGS(found));
        }
        sqlite3_finalize(statement);
        return r;
}

static int content_check(struct store *store) {
        int r;

        r = store_expect(store, "PRAGMA quick_check(1)", "ok", "it is damaged");
        if (r == 0)
                r = store_expect(store, "PRAGMA journal_mode = WAL", "wal",
                                 "it cannot have a write-ahead log");
        return r;
}

int store_commit_nothing(struct store *store) {
        char sql[64];

        snprintf(sql, sizeof sql, "PRAGMA user_version = %zu", migrations_count);
        return store_execute(store, sql, "writing to it");
}

static int open_steps(struct store *store, int dir_fd, bool *ret_created) {
        int r;

        r = directory_check(store, dir_fd);
        if (r == 0)
                r = file_find(store, dir_fd, true);
        if (r == 0)
                r = connection_open(store, dir_fd);
        if (r == 0)
                r = content_check(store);
        if (r == 0)
                r = migrate(store, dir_fd, migrations, migrations_count, ret_created);
        if (r == 0)
                r = store_prepare(store);
        /* The first commit makes the write-ahead log and syncs its directory, for which SQLite
         * opens that: soon this process can open no more files, and SQLite would go on without the
         * sync. */
        if (r == 0)
                r = store_commit_nothing(store);
        return r;
}

int store_open(int dir_fd, bool *ret_created, struct store **ret) {
        struct store *store = calloc(1, sizeof *store);

        if (!store)
                return -ENOMEM;
        *ret = store;
        return open_steps(store, dir_fd, ret_created);
}

static int beside_steps(struct store *store, int dir_fd) {
        int64_t version = 0;
        int r;

        r = directory_check(store, dir_fd);
        if (r == 0)
                r = file_find(store, dir_fd, false);
        if (r == 0)
                r = connection_open(store, dir_fd);
        if (r == 0 && sqlite3_busy_timeout(store->db, BUSY_BESIDE_MS) != SQLITE_OK)
                r = -ENOMEM;
        if (r == 0)
                r = migrate_version(store, migrations_count, &version);
        if (r == 0 && version == 0)
                r = store_refuse(store, -ENOENT, STORE_FILE " is empty");
        if (r == 0)
                store->version = version;
        return r;
}

int store_open_beside(int dir_fd, struct store **ret) {
        struct store *store = calloc(1, sizeof *store);

        if (!store)
                return -ENOMEM;
        *ret = store;
        return beside_steps(store, dir_fd);
}

int store_make_ready(struct store *store) {
        int r;

        if (store->version < (int64_t)migrations_count)
                return store_refuse(store, -EPROTONOSUPPORT,
                                    STORE_FILE " is of an older jeton: start this one's jetond "
                                               "first");
        r = store_execute(store, "PRAGMA query_only = ON", "opening it to read");
        return r == 0 ? store_prepare(store) : r;
}

void store_free(struct store *store) {
        size_t i;

        if (!store)
                return;
        for (i = 0; i < STATEMENT_COUNT; i++)
                sqlite3_finalize(store->statements[i]);
        sqlite3_close(store->db);
        free(store);
}

const char *store_error(const struct store *store) {
        if (!store)
                return "out of memory";
        return store->error[0] ? store->error : "no error";
}

int store_check(struct store *store) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_CHECK);
        int code = sqlite3_step(statement);

        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return store_fail(store, code, "looking whether it answers");
        return 0;
}
