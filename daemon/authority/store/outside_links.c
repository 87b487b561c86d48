/* Rows of the tables outside_links and outside_tokens. */
#include "outside_links.h"

#include "../../../common/cleanup.h"
#include "database.h"

/* In the order of STATEMENT_LINK_LIST. */
enum column {
        COLUMN_ISSUER,
        COLUMN_SUB,
        COLUMN_USER_ID,
        COLUMN_BY_EMAIL,
        COLUMN_CREATED_AT,
};

/* ---- finding ---- */

int outside_links_find(struct store *store, struct text issuer, struct text sub,
                       uint64_t *ret_user_id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LINK_FIND);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, issuer, &code);
        bind_text(statement, 2, sub, &code);
        r = statement_find(store, statement, code, "looking a link up");
        if (r == 0)
                *ret_user_id = (uint64_t)sqlite3_column_int64(statement, 0);
        return r;
}

/* Two rows are as many as it takes to know that the address is not of one. */
int outside_links_find_email(struct store *store, struct text email, uint64_t *ret_user_id) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LINK_FIND_EMAIL);
        int code = SQLITE_OK, r;
        bool may_link;
        uint64_t id;

        bind_text(statement, 1, email, &code);
        r = statement_find(store, statement, code, "looking an e-mail up");
        if (r < 0)
                return r;
        id = (uint64_t)sqlite3_column_int64(statement, 0);
        may_link = sqlite3_column_int64(statement, 1) == 1;
        code = sqlite3_step(statement);
        if (code != SQLITE_DONE && code != SQLITE_ROW)
                return store_fail(store, code, "looking an e-mail up");
        if (code == SQLITE_ROW || !may_link)
                return -ENOENT;
        *ret_user_id = id;
        return 0;
}

/* ---- adding ---- */

static int count_check(struct store *store, uint64_t user_id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LINK_COUNT);
        int code = SQLITE_OK, r;
        int64_t count = 0;

        bind_number(statement, 1, (int64_t)user_id, &code);
        r = statement_number(store, statement, code, "counting links", &count);
        return r == 0 && count >= OUTSIDE_LINKS_MAX ? -EMLINK : r;
}

static int row_add(struct store *store, const struct outside_link *link) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LINK_ADD);
        int code = SQLITE_OK;

        bind_text(statement, 1 + COLUMN_ISSUER, text_of(link->issuer), &code);
        bind_text(statement, 1 + COLUMN_SUB, text_of(link->sub), &code);
        bind_number(statement, 1 + COLUMN_USER_ID, (int64_t)link->user_id, &code);
        bind_number(statement, 1 + COLUMN_BY_EMAIL, link->by_email, &code);
        bind_number(statement, 1 + COLUMN_CREATED_AT, link->created_at, &code);
        return statement_run(store, statement, code, "adding a link");
}

/* -ENOENT: no such user. */
static int email_spend(struct store *store, uint64_t user_id) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LINK_SPEND_EMAIL);
        int code = SQLITE_OK, r;

        bind_number(statement, 1, (int64_t)user_id, &code);
        r = statement_run(store, statement, code, "marking an e-mail");
        return r == 0 && sqlite3_changes(store->db) != 1 ? -ENOENT : r;
}

int outside_links_add(struct transaction *transaction, const struct outside_link *link) {
        struct store *store = transaction_store(transaction);
        uint64_t holder;
        int r;

        r = outside_links_find(store, text_of(link->issuer), text_of(link->sub), &holder);
        if (r != -ENOENT)
                return r < 0 ? r : -EEXIST;
        r = count_check(store, link->user_id);
        if (r == 0)
                r = email_spend(store, link->user_id);
        return r < 0 ? r : row_add(store, link);
}

/* ---- removing ---- */

int outside_links_remove(struct transaction *transaction, const struct outside_link *link) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LINK_REMOVE);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, text_of(link->issuer), &code);
        bind_text(statement, 2, text_of(link->sub), &code);
        bind_number(statement, 3, (int64_t)link->user_id, &code);
        r = statement_run(store, statement, code, "removing a link");
        if (r == 0 && sqlite3_changes(store->db) != 1)
                r = -ENOENT;
        return r < 0 ? r : email_spend(store, link->user_id);
}

/* ---- the list ---- */

static int row_read(struct store *store, sqlite3_stmt *statement, struct outside_link *ret) {
        *ret = (struct outside_link){
                .user_id = (uint64_t)sqlite3_column_int64(statement, COLUMN_USER_ID),
                .by_email = sqlite3_column_int64(statement, COLUMN_BY_EMAIL) != 0,
                .created_at = sqlite3_column_int64(statement, COLUMN_CREATED_AT),
        };
        if (text_copy(column_text(statement, COLUMN_ISSUER), ret->issuer, sizeof ret->issuer) < 0 ||
            text_copy(column_text(statement, COLUMN_SUB), ret->sub, sizeof ret->sub) < 0)
                return store_refuse(store, -EBADMSG, STORE_FILE ": a link is damaged");
        return 0;
}

int outside_links_list(struct store *store, uint64_t user_id,
                       int (*each)(void *context, const struct outside_link *link), void *context,
                       uint64_t *ret_total) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_LINK_LIST);
        struct outside_link link;
        int code = SQLITE_OK, r = 0;
        uint64_t total = 0;

        bind_number(statement, 1, (int64_t)user_id, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement), total++) {
                r = row_read(store, statement, &link);
                if (r == 0)
                        r = each(context, &link);
                if (r)
                        return r;
        }
        if (code != SQLITE_DONE)
                return store_fail(store, code, "listing links");
        *ret_total = total;
        return 0;
}

/* ---- tokens that were used ---- */

static int tokens_forget(struct store *store, int64_t now) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_OUTSIDE_FORGET);
        int code = SQLITE_OK;

        bind_number(statement, 1, now, &code);
        return statement_run(store, statement, code, "forgetting used tokens");
}

int outside_tokens_use(struct transaction *transaction, const uint8_t digest[OUTSIDE_DIGEST_LEN],
                       int64_t now, int64_t forget_at) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_OUTSIDE_USE);
        int code = SQLITE_OK, r;

        r = tokens_forget(store, now);
        if (r < 0)
                return r;
        bind_bytes(statement, 1, digest, OUTSIDE_DIGEST_LEN, &code);
        bind_number(statement, 2, forget_at, &code);
        r = statement_run(store, statement, code, "using a token up");
        return r == 0 && sqlite3_changes(store->db) != 1 ? -EEXIST : r;
}
