/* The throttle's rows by their place in its table: the file holds no more of them than the memory.
 */
#include "throttle_rows.h"

#include "../../../common/cleanup.h"
#include "database.h"

#include <errno.h>
#include <string.h>

static int row_write(struct store *store, size_t slot, const struct throttle_record *record) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_THROTTLE_WRITE);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)slot, &code);
        bind_text(statement, 2, text_of(record->key.user), &code);
        if (code == SQLITE_OK)
                code = sqlite3_bind_blob(statement, 3, record->key.source,
                                         sizeof record->key.source, SQLITE_STATIC);
        bind_number(statement, 4, record->failures, &code);
        bind_number(statement, 5, record->locked_until, &code);
        bind_number(statement, 6, record->resets_at, &code);
        bind_number(statement, 7, record->succeeded, &code);
        return statement_run(store, statement, code, "keeping failed logins");
}

int throttle_rows_write(struct transaction *transaction, struct throttle *throttle,
                        const struct throttle_time *now) {
        struct store *store = transaction_store(transaction);
        struct throttle_record record;
        size_t at = 0, slot;
        int r = 0;

        while (r == 0 && throttle_take_changed(throttle, now, &at, &slot, &record))
                r = row_write(store, slot, &record);
        return r;
}

static int row_restore(struct store *store, sqlite3_stmt *statement, struct throttle *throttle,
                       const struct throttle_time *now) {
        struct throttle_record record = {
                .failures = (uint32_t)sqlite3_column_int64(statement, 3),
                .locked_until = sqlite3_column_int64(statement, 4),
                .resets_at = sqlite3_column_int64(statement, 5),
                .succeeded = sqlite3_column_int64(statement, 6) != 0,
        };
        const void *source = sqlite3_column_blob(statement, 2);

        if (!source || sqlite3_column_bytes(statement, 2) != sizeof record.key.source ||
            text_copy(column_text(statement, 1), record.key.user, sizeof record.key.user) < 0)
                return store_refuse(store, -EBADMSG, STORE_FILE ": a row of failed logins is none");
        memcpy(record.key.source, source, sizeof record.key.source);
        throttle_restore(throttle, (size_t)sqlite3_column_int64(statement, 0), &record, now);
        return 0;
}

int throttle_rows_read(struct store *store, struct throttle *throttle,
                       const struct throttle_time *now) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_THROTTLE_READ);
        int code, r = 0;

        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = row_restore(store, statement, throttle, now);
        if (r < 0)
                return r;
        return code == SQLITE_DONE ? 0 : store_fail(store, code, "reading failed logins");
}

int throttle_rows_unlock(struct transaction *transaction, struct text user) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_THROTTLE_UNLOCK);
        int code = SQLITE_OK;

        bind_text(statement, 1, user, &code);
        return statement_run(store, statement, code, "unlocking a user");
}
