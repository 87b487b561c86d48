/* Rows of the revocations table, and the sessions that end with them. */
#include "sessions.h"

#include "../../../common/cleanup.h"
#include "database.h"
#include "endings.h"

/* ---- ending sessions ---- */

static int session_end(struct store *store, struct text sid) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_END);
        int code = SQLITE_OK;

        bind_text(statement, 1, sid, &code);
        return statement_run(store, statement, code, "ending a session");
}

/* SESSIONS_PER_USER at most. */
static int sessions_end_user(struct store *store, const struct revocation *revocation) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_END_USER);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)revocation->user_id, &code);
        bind_number(statement, 2, revocation->login_before, &code);
        bind_text(statement, 3, revocation->kept_sid, &code);
        return statement_run(store, statement, code, "ending sessions");
}

int revocation_find_used(struct transaction *transaction, const struct revocation *revocation,
                         int64_t since, struct sessions_of_user *ret) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_USED);
        int code = SQLITE_OK, r = 0;

        ret->count = 0;
        bind_number(statement, 1, (int64_t)revocation->user_id, &code);
        bind_number(statement, 2, revocation->login_before, &code);
        bind_text(statement, 3, revocation->kept_sid, &code);
        bind_number(statement, 4, since, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW && ret->count < SESSIONS_PER_USER; ret->count++) {
                r = text_copy(column_text(statement, 0), ret->sids[ret->count], SID_LEN + 1);
                if (r < 0)
                        return store_refuse(store, -EBADMSG, STORE_FILE ": a session is damaged");
                code = sqlite3_step(statement);
        }
        return code == SQLITE_DONE || code == SQLITE_ROW
                       ? 0
                       : store_fail(store, code, "looking for sessions");
}

static int sessions_end(struct store *store, const struct revocation *revocation) {
        switch (revocation->entry.kind) {
        case REVOKED_SESSION:
                return session_end(store, revocation->sid);
        case REVOKED_SUBJECT:
                return sessions_end_user(store, revocation);
        case REVOKED_CLIENT:
                return endings_add(store, &revocation->client_id, revocation->login_before);
        case REVOKED_ALL:
                return endings_add(store, NULL, revocation->login_before);
        default: /* of one token */
                return 0;
        }
}

/* ---- entries ---- */

static int entry_add(struct store *store, const struct revocation *revocation) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_REVOKE);
        const struct page_revocation *entry = &revocation->entry;
        int code = SQLITE_OK;

        bind_number(statement, 1, entry->kind, &code);
        bind_bytes(statement, 2, entry->value, sizeof entry->value, &code);
        bind_number(statement, 3, entry->before, &code);
        bind_number(statement, 4, entry->drop_at, &code);
        if (revocation->has_subject)
                bind_bytes(statement, 5, revocation->subject, sizeof revocation->subject, &code);
        return statement_run(store, statement, code, "storing a revocation");
}

static int subject_count(struct store *store, const struct revocation *revocation, int64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REVOKED_COUNT);
        int code = SQLITE_OK;

        bind_bytes(statement, 1, revocation->subject, sizeof revocation->subject, &code);
        bind_number(statement, 2, revocation->now, &code);
        return statement_number(store, statement, code, "counting revocations", ret);
}

static int subject_forget(struct store *store, const struct revocation *revocation) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REVOKED_FORGET);
        int code = SQLITE_OK;

        bind_bytes(statement, 1, revocation->subject, sizeof revocation->subject, &code);
        return statement_run(store, statement, code, "collapsing revocations");
}

/* All that the subject was given until now is revoked in one: more than was asked for, never less.
 */
static int subject_collapse(struct store *store, const struct revocation *revocation) {
        struct revocation whole = {
                .entry = {.kind = REVOKED_SUBJECT,
                          .before = revocation->until,
                          .drop_at = revocation->horizon},
        };
        int r;

        memcpy(whole.entry.value, revocation->subject, sizeof whole.entry.value);
        r = subject_forget(store, revocation);
        return r < 0 ? r : entry_add(store, &whole);
}

static int merge_run(struct store *store, const struct revocation *revocation) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REVOKED_MERGE);
        int code = SQLITE_OK;

        bind_number(statement, 1, REVOKED_SUBJECT, &code);
        bind_number(statement, 2, revocation->until, &code);
        bind_number(statement, 3, revocation->horizon, &code);
        return statement_run(store, statement, code, "merging revocations");
}

/* Of every subject that has several. Better than a page that is full, by which nobody's token is
 * good any more. */
static int subjects_collapse(struct store *store, const struct revocation *revocation,
                             bool *ret_collapsed) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REVOKED_MERGED);
        int r;

        r = merge_run(store, revocation);
        if (r == 0)
                r = statement_run(store, statement, SQLITE_OK, "removing merged revocations");
        if (r == 0)
                *ret_collapsed = sqlite3_changes(store->db) > 0;
        return r;
}

static int entry_store(struct store *store, const struct revocation *revocation,
                       bool *ret_collapsed) {
        int64_t count = 0;
        int r;

        r = entry_add(store, revocation);
        if (r == 0 && revocation->has_subject)
                r = subject_count(store, revocation, &count);
        if (r < 0)
                return r;
        if (revocation->is_crowded)
                return subjects_collapse(store, revocation, ret_collapsed);
        if (count > REVOCATIONS_PER_SUBJECT)
                r = subject_collapse(store, revocation);
        if (r == 0)
                *ret_collapsed = count > REVOCATIONS_PER_SUBJECT;
        return r;
}

int revocations_store(struct transaction *transaction, const struct revocation *revocation,
                      bool *ret_collapsed) {
        struct store *store = transaction_store(transaction);
        int r = 0;

        if (revocation->entry.kind != REVOKED_TOKEN)
                r = sessions_end(store, revocation);
        return r < 0 ? r : entry_store(store, revocation, ret_collapsed);
}

/* ---- reading ---- */

static int entry_read(struct store *store, sqlite3_stmt *statement, struct page_revocation *ret) {
        const void *value = sqlite3_column_blob(statement, 1);

        if (!value || sqlite3_column_bytes(statement, 1) != REVOCATION_VALUE_LEN)
                return store_refuse(store, -EBADMSG, STORE_FILE ": a revocation is damaged");
        *ret = (struct page_revocation){
                .kind = (uint32_t)sqlite3_column_int64(statement, 0),
                .before = sqlite3_column_int64(statement, 2),
                .drop_at = sqlite3_column_int64(statement, 3),
        };
        memcpy(ret->value, value, REVOCATION_VALUE_LEN);
        return 0;
}

int revocations_list(struct store *store, int64_t now,
                     int (*each)(void *context, const struct page_revocation *entry),
                     void *context) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REVOKED_LIST);
        struct page_revocation entry;
        int code = SQLITE_OK, r;

        bind_number(statement, 1, now, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
                r = entry_read(store, statement, &entry);
                if (r == 0)
                        r = each(context, &entry);
                if (r)
                        return r;
        }
        return code == SQLITE_DONE ? 0 : store_fail(store, code, "listing revocations");
}

/* ---- what is over ---- */

/* What was over at `since`. */
static int sweep_run(struct store *store, enum statement which, int64_t since, uint64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, which);
        int code = SQLITE_OK, r;

        bind_number(statement, 1, since, &code);
        bind_number(statement, 2, SWEEP_MAX, &code);
        r = statement_run(store, statement, code, "removing what is over");
        if (r == 0)
                *ret = (uint64_t)sqlite3_changes(store->db);
        return r;
}

static int next_grace(struct store *store, int64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_NEXT_GRACE);
        int code = sqlite3_step(statement);

        if (code != SQLITE_ROW)
                return store_fail(store, code, "looking for the next grace");
        *ret = sqlite3_column_type(statement, 0) == SQLITE_NULL
                       ? INT64_MAX
                       : sqlite3_column_int64(statement, 0);
        return 0;
}

int sessions_sweep(struct transaction *transaction, int64_t now, int64_t idle_s,
                   uint64_t *ret_entries, int64_t *ret_next) {
        const struct {
                enum statement which;
                int64_t since;
        } sweeps[] = {
                {STATEMENT_SWEEP_EXPIRED, now},
                {STATEMENT_SWEEP_IDLE, now - idle_s},
                {STATEMENT_SWEEP_GRACES, now},
                {STATEMENT_SWEEP_REVOCATIONS, now}, /* the last: its count is told */
        };
        struct store *store = transaction_store(transaction);
        int64_t next = INT64_MAX;
        bool is_more = false;
        uint64_t count = 0;
        size_t i;
        int r;

        r = endings_sweep(store, &is_more);
        for (i = 0; r == 0 && i < ELEMENTS(sweeps); i++) {
                r = sweep_run(store, sweeps[i].which, sweeps[i].since, &count);
                is_more = is_more || count == SWEEP_MAX;
        }
        if (r == 0)
                r = next_grace(store, &next);
        if (r < 0)
                return r;
        *ret_entries = count;
        *ret_next = is_more ? now : next;
        return 0;
}

/* ---- how long tokens live ---- */

static int lifetimes_read(struct store *store, int64_t *lifetime_s, int64_t *horizon) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LIFETIMES_READ);
        int code = sqlite3_step(statement);

        if (code == SQLITE_DONE)
                return 0;
        if (code != SQLITE_ROW)
                return store_fail(store, code, "reading the lifetimes");
        *lifetime_s = sqlite3_column_int64(statement, 0);
        *horizon = sqlite3_column_int64(statement, 1);
        return 0;
}

static int lifetimes_write(struct store *store, int64_t lifetime_s, int64_t horizon) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_LIFETIMES_WRITE);
        int code = SQLITE_OK;

        bind_number(statement, 1, lifetime_s, &code);
        bind_number(statement, 2, horizon, &code);
        return statement_run(store, statement, code, "storing the lifetimes");
}

int lifetimes_store(struct transaction *transaction, int64_t now, uint32_t lifetime_s,
                    int64_t *ret_horizon) {
        struct store *store = transaction_store(transaction);
        int64_t before_s = 0, horizon = 0;
        int r;

        r = lifetimes_read(store, &before_s, &horizon);
        if (r == 0 && before_s != lifetime_s) {
                if (horizon < now + before_s)
                        horizon = now + before_s;
                r = lifetimes_write(store, lifetime_s, horizon);
        }
        if (r == 0)
                *ret_horizon = horizon;
        return r;
}
