/* Rows of the endings table. A session knows by number which endings were there before it: what
 * came later is its end, whatever the clock says. */
#include "endings.h"

#include "../../../common/cleanup.h"
#include "database.h"

/* Removes rows of sessions that are covered by it and are older than ending number `id`. */
static int rows_remove(struct store *store, const struct text *client_id, int64_t login_before,
                       int64_t id, bool *ret_more) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(
                store, client_id ? STATEMENT_SESSION_END_CLIENT : STATEMENT_SESSION_END_ALL);
        int code = SQLITE_OK, r;

        bind_number(statement, 1, login_before, &code);
        bind_number(statement, 2, id, &code);
        bind_number(statement, 3, SWEEP_MAX, &code);
        if (client_id)
                bind_text(statement, 4, *client_id, &code);
        r = statement_run(store, statement, code, "ending sessions");
        if (r == 0)
                *ret_more = sqlite3_changes(store->db) == SWEEP_MAX;
        return r;
}

/* ---- adding ---- */

/* Those that the new one covers whole are no longer needed. */
static int covered_remove(struct store *store, const struct text *client_id, int64_t login_before) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_ENDING_COVERED);
        int code = SQLITE_OK;

        bind_text_or_null(statement, 1, client_id ? *client_id : TEXT_NONE, &code);
        bind_number(statement, 2, login_before, &code);
        return statement_run(store, statement, code, "merging endings");
}

/* No row is written where there are as many as may be. */
static int ending_add(struct store *store, const struct text *client_id, int64_t login_before) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_ENDING_ADD);
        int code = SQLITE_OK, r;

        bind_text_or_null(statement, 1, client_id ? *client_id : TEXT_NONE, &code);
        bind_number(statement, 2, login_before, &code);
        bind_number(statement, 3, ENDINGS_MAX, &code);
        r = statement_run(store, statement, code, "ending sessions");
        if (r == 0 && sqlite3_changes(store->db) == 0)
                r = store_refuse(store, -EBUSY, STORE_FILE ": %d ends of many sessions wait",
                                 ENDINGS_MAX);
        return r;
}

int endings_add(struct store *store, const struct text *client_id, int64_t login_before) {
        bool is_more = false;
        int r;

        r = rows_remove(store, client_id, login_before, INT64_MAX, &is_more);
        if (r < 0 || !is_more)
                return r;
        r = covered_remove(store, client_id, login_before);
        return r < 0 ? r : ending_add(store, client_id, login_before);
}

/* ---- sweeping ---- */

static int ending_remove(struct store *store, int64_t id) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_ENDING_REMOVE);
        int code = SQLITE_OK;

        bind_number(statement, 1, id, &code);
        return statement_run(store, statement, code, "removing an ending");
}

struct ending {
        int64_t id, login_before; /* id 0: there is none */
        bool is_of_client;
        char client_id[CLIENT_MAX + 1];
};

static int oldest_read(struct store *store, struct ending *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_ENDING_OLDEST);
        int code = sqlite3_step(statement);

        if (code == SQLITE_DONE)
                return 0;
        if (code != SQLITE_ROW)
                return store_fail(store, code, "reading an ending");
        ret->id = sqlite3_column_int64(statement, 0);
        ret->is_of_client = sqlite3_column_type(statement, 1) != SQLITE_NULL;
        ret->login_before = sqlite3_column_int64(statement, 2);
        if (text_copy(column_text(statement, 1), ret->client_id, sizeof ret->client_id) < 0)
                return store_refuse(store, -EBADMSG, STORE_FILE ": an ending is damaged");
        return 0;
}

static int ending_sweep(struct store *store, const struct ending *ending) {
        const struct text client_id = text_of(ending->client_id);
        bool is_more = false;
        int r;

        r = rows_remove(store, ending->is_of_client ? &client_id : NULL, ending->login_before,
                        ending->id, &is_more);
        return r < 0 || is_more ? r : ending_remove(store, ending->id);
}

int endings_sweep(struct store *store, bool *ret_more) {
        struct ending oldest = {.id = 0};
        int r;

        r = oldest_read(store, &oldest);
        if (r == 0 && oldest.id > 0)
                r = ending_sweep(store, &oldest);
        if (r == 0)
                *ret_more = oldest.id > 0;
        return r;
}
