/* Rows of the logins table. */
#include "logins.h"

#include "../../../common/cleanup.h"
#include "database.h"

/* In the order of STATEMENT_LOGIN_LIST. */
enum column {
        COLUMN_SID,
        COLUMN_USER_ID,
        COLUMN_UID,
        COLUMN_BOOT,
        COLUMN_PID,
        COLUMN_PROCESS,
        COLUMN_AUDIENCE,
        COLUMN_SCOPE,
        COLUMN_AMR,
        COLUMN_AUTH_TIME,
        COLUMN_BEGAN_AT,
};

int logins_add(struct transaction *transaction, const struct login_row *row) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LOGIN_ADD);
        int code = SQLITE_OK;

        bind_text(statement, 1 + COLUMN_SID, text_of(row->sid), &code);
        bind_number(statement, 1 + COLUMN_USER_ID, (int64_t)row->user_id, &code);
        bind_number(statement, 1 + COLUMN_UID, row->uid, &code);
        bind_text(statement, 1 + COLUMN_BOOT, text_of(row->boot), &code);
        bind_number(statement, 1 + COLUMN_PID, row->pid, &code);
        bind_number(statement, 1 + COLUMN_PROCESS, (int64_t)row->process, &code);
        bind_text(statement, 1 + COLUMN_AUDIENCE, text_of(row->audience), &code);
        bind_text(statement, 1 + COLUMN_SCOPE, text_of(row->scope), &code);
        bind_text(statement, 1 + COLUMN_AMR, text_of(row->amr), &code);
        bind_number(statement, 1 + COLUMN_AUTH_TIME, row->auth_time, &code);
        bind_number(statement, 1 + COLUMN_BEGAN_AT, row->began_at, &code);
        return statement_run(store, statement, code, "adding a login");
}

int logins_remove(struct transaction *transaction, struct text sid) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LOGIN_REMOVE);
        int code = SQLITE_OK;

        bind_text(statement, 1, sid, &code);
        return statement_run(store, statement, code, "removing a login");
}

#define PLACE(column, field) \
        { column, offsetof(struct login_row, field), sizeof(((struct login_row *)NULL)->field) }

static const struct {
        int column;
        size_t offset, size;
} texts[] = {
        PLACE(COLUMN_SID, sid),     PLACE(COLUMN_BOOT, boot), PLACE(COLUMN_AUDIENCE, audience),
        PLACE(COLUMN_SCOPE, scope), PLACE(COLUMN_AMR, amr),
};

static int row_read(struct store *store, sqlite3_stmt *statement, struct login_row *ret) {
        struct login_row row = {
                .user_id = (uint64_t)sqlite3_column_int64(statement, COLUMN_USER_ID),
                .uid = (uint32_t)sqlite3_column_int64(statement, COLUMN_UID),
                .pid = sqlite3_column_int(statement, COLUMN_PID),
                .process = (uint64_t)sqlite3_column_int64(statement, COLUMN_PROCESS),
                .auth_time = sqlite3_column_int64(statement, COLUMN_AUTH_TIME),
                .began_at = sqlite3_column_int64(statement, COLUMN_BEGAN_AT),
        };
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++)
                if (text_copy(column_text(statement, texts[i].column),
                              (char *)&row + texts[i].offset, texts[i].size) < 0)
                        return store_refuse(store, -EBADMSG, STORE_FILE ": a login is damaged");
        *ret = row;
        return 0;
}

int logins_list(struct store *store, int (*each)(void *context, const struct login_row *row),
                void *context) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LOGIN_LIST);
        struct login_row row;
        int code, r = 0;

        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
                r = row_read(store, statement, &row);
                if (r == 0)
                        r = each(context, &row);
        }
        if (r < 0)
                return r;
        return code == SQLITE_DONE ? 0 : store_fail(store, code, "reading the logins");
}
