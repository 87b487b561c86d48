/* Finding, adding, changing, deleting and listing clients. */
#include "clients.h"

#include "../../../common/cleanup.h"
#include "database.h"

/* In the order of CLIENT_COLUMNS. */
enum column {
        COLUMN_ID,
        COLUMN_NAME,
        COLUMN_SECRET_DIGEST,
        COLUMN_AUDIENCES,
        COLUMN_SCOPES,
        COLUMN_ENABLED,
        COLUMN_CREATED_AT,
};

void client_free(struct client *client) {
        if (!client)
                return;
        free(client->name);
        free(client->audiences);
        free(client->scopes);
        explicit_bzero(client, sizeof *client);
        free(client);
}

/* ---- from a row ---- */

static int digest_read(sqlite3_stmt *statement, uint8_t *ret) {
        const void *bytes = sqlite3_column_blob(statement, COLUMN_SECRET_DIGEST);

        if (!bytes || sqlite3_column_bytes(statement, COLUMN_SECRET_DIGEST) != CLIENT_DIGEST_LEN)
                return -EBADMSG;
        memcpy(ret, bytes, CLIENT_DIGEST_LEN);
        return 0;
}

static int texts_read(sqlite3_stmt *statement, struct client *client) {
        if (text_copy(column_text(statement, COLUMN_ID), client->id, sizeof client->id) < 0)
                return -EBADMSG;
        if (column_string(statement, COLUMN_NAME, &client->name) < 0 ||
            column_string(statement, COLUMN_AUDIENCES, &client->audiences) < 0 ||
            column_string(statement, COLUMN_SCOPES, &client->scopes) < 0)
                return -ENOMEM;
        return digest_read(statement, client->digest);
}

static int row_read(struct store *store, sqlite3_stmt *statement, struct client **ret) {
        _cleanup_(client_freep) struct client *client = calloc(1, sizeof *client);
        int r = client ? texts_read(statement, client) : -ENOMEM;

        if (r < 0)
                return store_refuse(store, r, STORE_FILE ": reading a client: %s", strerror(-r));
        /* Nothing but the 1 of an enabled one. */
        client->enabled = sqlite3_column_int64(statement, COLUMN_ENABLED) == 1;
        client->created_at = sqlite3_column_int64(statement, COLUMN_CREATED_AT);
        *ret = take(client);
        return 0;
}

int clients_find(struct store *store, struct text id, struct client **ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_CLIENT_FIND);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, id, &code);
        r = statement_find(store, statement, code, "looking a client up");
        return r < 0 ? r : row_read(store, statement, ret);
}

/* ---- changes ---- */

static void row_bind(sqlite3_stmt *statement, const struct client_row *row, int *code) {
        bind_text(statement, 1, row->id, code);
        bind_text(statement, 2, row->name, code);
        bind_bytes(statement, 3, row->digest, CLIENT_DIGEST_LEN, code);
        bind_text(statement, 4, row->audiences, code);
        bind_text(statement, 5, row->scopes, code);
        bind_number(statement, 6, row->enabled, code);
}

static int row_add(struct store *store, const struct client_row *row, int64_t now) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_CLIENT_ADD);
        int code = SQLITE_OK;

        row_bind(statement, row, &code);
        bind_number(statement, 7, now, &code);
        return statement_run(store, statement, code, "adding a client");
}

int clients_add(struct transaction *transaction, const struct client_row *row, int64_t now) {
        struct store *store = transaction_store(transaction);
        _cleanup_(client_freep) struct client *holder = NULL;
        int r;

        r = clients_find(store, row->id, &holder);
        if (r == 0)
                return -EEXIST;
        return r == -ENOENT ? row_add(store, row, now) : r;
}

/* One row, or there was none. */
static int row_touch(struct store *store, sqlite3_stmt *statement, int code, const char *doing) {
        int r = statement_run(store, statement, code, doing);

        if (r < 0)
                return r;
        return sqlite3_changes(store->db) == 1 ? 0 : -ENOENT;
}

int clients_change(struct transaction *transaction, const struct client_row *row) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_CLIENT_CHANGE);
        int code = SQLITE_OK;

        row_bind(statement, row, &code);
        return row_touch(store, statement, code, "changing a client");
}

int clients_delete(struct transaction *transaction, struct text id) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_CLIENT_DELETE);
        int code = SQLITE_OK;

        bind_text(statement, 1, id, &code);
        return row_touch(store, statement, code, "deleting a client");
}

/* ---- the list ---- */

static int clients_count(struct store *store, uint64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_CLIENT_COUNT);
        int64_t number;
        int r;

        r = statement_number(store, statement, SQLITE_OK, "counting clients", &number);
        if (r == 0)
                *ret = (uint64_t)number;
        return r;
}

static int row_give(struct store *store, sqlite3_stmt *statement,
                    int (*each)(void *context, const struct client *client), void *context) {
        _cleanup_(client_freep) struct client *client = NULL;
        int r;

        r = row_read(store, statement, &client);
        return r < 0 ? r : each(context, client);
}

int clients_list(struct store *store, uint32_t skip, uint32_t limit,
                 int (*each)(void *context, const struct client *client), void *context,
                 uint64_t *ret_total) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_CLIENT_LIST);
        int code = SQLITE_OK, r;
        uint64_t total = 0;

        r = clients_count(store, &total);
        if (r < 0)
                return r;
        bind_number(statement, 1, limit, &code);
        bind_number(statement, 2, skip, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
                r = row_give(store, statement, each, context);
                if (r)
                        return r;
        }
        if (code != SQLITE_DONE)
                return store_fail(store, code, "listing clients");
        *ret_total = total;
        return 0;
}
