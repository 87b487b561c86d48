/* jeton-import-sqlite: the users of another program's SQLite database, as JSON lines for `jeton
 * user import`, which runs it. A program of its own, so that the command has no SQLite in it.
 *
 * Runs as: whoever imports, mostly root. Holds: that file, read only, and standard output.
 * Trusts: nothing in the file: no function, view or trigger of it runs with more than SQLite's own
 * harmless ones. If captured: what its caller could do, but to open a file outside of that folder,
 * where the kernel knows Landlock. */
#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../daemon/privsep/child.h"

#include <fcntl.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>

/* Those of the tutorials, of SQLModel's and FastAPI's templates, of Django. */
static const char *const tables[] = {"users", "user", "auth_user", "accounts", "account"};

#define VALUE_MAX 16384

static void statement_endp(sqlite3_stmt **statement) {
        sqlite3_finalize(*statement);
}

static void database_closep(sqlite3 **database) {
        sqlite3_close(*database);
}

static int fail(sqlite3 *database, const char *path) {
        log_error("%s: %s", path, sqlite3_errmsg(database));
        return -EIO;
}

static void distrust(sqlite3 *database) {
        sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1024 * 1024);
        sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
        sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        sqlite3_busy_timeout(database, 5000);
}

/* ---- a row as JSON ---- */

static json_t *value_of(sqlite3_stmt *statement, int column) {
        int len = sqlite3_column_bytes(statement, column);

        switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
                return json_integer(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT:
                return json_real(sqlite3_column_double(statement, column));
        case SQLITE_TEXT:
        case SQLITE_BLOB: /* some keep a hash so, which is text all the same */
                if (len > VALUE_MAX)
                        return NULL;
                return len > 0 ? json_stringn(sqlite3_column_blob(statement, column), (size_t)len)
                               : json_string("");
        default:
                return json_null();
        }
}

/* What is no text and no number says nothing of a user. */
static json_t *row_of(sqlite3_stmt *statement) {
        json_t *row = json_object();
        int i;

        for (i = 0; i < sqlite3_column_count(statement); i++) {
                json_t *value = value_of(statement, i);

                json_object_set_new(row, sqlite3_column_name(statement, i),
                                    value ? value : json_null());
        }
        return row;
}

static int row_print(sqlite3_stmt *statement) {
        json_t *row = row_of(statement);
        int r = json_dumpf(row, stdout, JSON_COMPACT);

        json_decref(row);
        return r < 0 || putchar('\n') == EOF ? -EIO : 0;
}

/* ---- the table ---- */

/* 0; -ENOENT: there is no such table. */
static int table_exists(sqlite3 *database, const char *path, const char *table) {
        _cleanup_(statement_endp) sqlite3_stmt *statement = NULL;
        static const char sql[] = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        int code;

        code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                return 0;
        return code == SQLITE_DONE ? -ENOENT : fail(database, path);
}

/* Where there are several, the others are told: which one is meant, nobody knows for sure. */
static int table_find(sqlite3 *database, const char *path, const char **ret) {
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(tables); i++) {
                r = table_exists(database, path, tables[i]);
                if (r < 0 && r != -ENOENT)
                        return r;
                if (r == 0 && *ret)
                        log_notice("%s: users come from the table %s, none from %s", path, *ret,
                                   tables[i]);
                else if (r == 0)
                        *ret = tables[i];
        }
        if (*ret)
                return 0;
        log_error("%s: there is no table users, user, auth_user, accounts or account", path);
        return -ENOENT;
}

static int table_print(sqlite3 *database, const char *path, const char *table) {
        _cleanup_(statement_endp) sqlite3_stmt *statement = NULL;
        char sql[64];
        int code, r = 0;

        snprintf(sql, sizeof sql, "SELECT * FROM main.\"%s\"", table);
        code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return fail(database, path);
        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = row_print(statement);
        if (r == 0 && code != SQLITE_DONE)
                r = fail(database, path);
        return r;
}

/* SQLite opens more files, beside this one, when it reads the first byte. */
static int shut_in(sqlite3 *database) {
        const char *name = sqlite3_db_filename(database, "main"), *slash = strrchr(name, '/');
        _cleanup_(freep) char *folder = strndup(name, slash ? (size_t)(slash - name) + 1 : 0);
        _cleanup_(closep) int fd = -1;

        if (!folder)
                return -ENOMEM;
        fd = open(*folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || child_close_up(PROCESS_AUTHORITY) < 0) {
                log_error("%s: %s", folder, strerror(errno));
                return -EIO;
        }
        return child_confine_within(&fd, 1);
}

static int database_print(const char *path) {
        _cleanup_(database_closep) sqlite3 *database = NULL;
        const char *table = NULL;
        int r;

        if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
                return fail(database, path);
        r = shut_in(database);
        if (r < 0)
                return r;
        distrust(database);
        r = table_find(database, path, &table);
        return r < 0 ? r : table_print(database, path, table);
}

int main(int argc, char **argv) {
        log_init("jeton-import-sqlite", LOG_INFO);
        if (argc != 3 || strcmp(argv[1], "--") != 0) {
                log_error("usage: jeton-import-sqlite -- FILE");
                return 2;
        }
        return database_print(argv[2]) == 0 && fflush(stdout) == 0 ? 0 : 1;
}
