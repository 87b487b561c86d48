/* Many users at once: lists for admins, and the uids for the status page. */
#include "users.h"

#include "../../../common/cleanup.h"
#include "user_row.h"

static int matches_count(struct store *store, struct text q, uint64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_COUNT_MATCHES);
        int code = SQLITE_OK, r;
        int64_t number;

        bind_text(statement, 1, q, &code);
        r = statement_number(store, statement, code, "counting users", &number);
        if (r == 0)
                *ret = (uint64_t)number;
        return r;
}

static int row_give(struct store *store, sqlite3_stmt *statement,
                    int (*each)(void *context, const struct user *user), void *context) {
        _cleanup_(user_freep) struct user *user = NULL;
        int r;

        r = user_row_read(store, statement, &user);
        if (r < 0)
                return r;
        return each(context, user);
}

int users_list(struct store *store, uint32_t skip, uint32_t limit, struct text q,
               int (*each)(void *context, const struct user *user), void *context,
               uint64_t *ret_total) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LIST);
        int code = SQLITE_OK, r;
        uint64_t total = 0;

        r = matches_count(store, q, &total);
        if (r < 0)
                return r;
        bind_text(statement, 1, q, &code);
        bind_number(statement, 2, limit, &code);
        bind_number(statement, 3, skip, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
                r = row_give(store, statement, each, context);
                if (r)
                        return r;
        }
        if (code != SQLITE_DONE)
                return store_fail(store, code, "listing users");
        *ret_total = total;
        return 0;
}

int users_have_role(struct store *store, struct text role, int64_t now, bool *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_ROLE_EXISTS);
        int code = SQLITE_OK, r;
        int64_t number;

        bind_text(statement, 1, role, &code);
        bind_number(statement, 2, now, &code);
        r = statement_number(store, statement, code, "looking for a role", &number);
        if (r == 0)
                *ret = number != 0;
        return r;
}

int users_linked_uids(struct store *store, uint32_t *ret_uids, size_t max, size_t *ret_count) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LINKED_UIDS);
        size_t count = 0;
        int code;

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                if (count == max)
                        return store_refuse(store, -E2BIG, STORE_FILE ": over %zu linked accounts",
                                            max);
                ret_uids[count++] = (uint32_t)sqlite3_column_int64(statement, 0);
        }
        if (code != SQLITE_DONE)
                return store_fail(store, code, "listing linked accounts");
        *ret_count = count;
        return 0;
}
