/* Rows of the sessions table. What the hashes are hashes of is none of this file's business. */
#include "sessions.h"

#include "../../../common/cleanup.h"
#include "database.h"

/* In the order of SESSION_COLUMNS (database.c). */
enum column {
        COLUMN_SID,
        COLUMN_USER_ID,
        COLUMN_USERNAME,
        COLUMN_CLIENT_ID,
        COLUMN_AUDIENCE,
        COLUMN_SCOPE,
        COLUMN_AMR,
        COLUMN_AUTH_TIME,
        COLUMN_USED_AT,
        COLUMN_EXPIRES_AT,
        COLUMN_FAMILY_KEY,
        COLUMN_CURRENT_HASH,
        COLUMN_PREVIOUS_HASH,
        COLUMN_ROTATION,
        COLUMN_GRACE_UNTIL,
};

/* ---- reading ---- */

#define PLACE(column, field) \
        { column, offsetof(struct session, field), sizeof(((struct session *)NULL)->field) }

static const struct {
        int column;
        size_t offset, size;
} texts[] =
        {
                PLACE(COLUMN_SID, sid),
                PLACE(COLUMN_USERNAME, username),
                PLACE(COLUMN_CLIENT_ID, client_id),
                PLACE(COLUMN_AUDIENCE, audience),
                PLACE(COLUMN_SCOPE, scope),
                PLACE(COLUMN_AMR, amr),
},
  bytes[] = {
          PLACE(COLUMN_FAMILY_KEY, family_key),
          PLACE(COLUMN_CURRENT_HASH, current_hash),
          PLACE(COLUMN_PREVIOUS_HASH, previous_hash),
          PLACE(COLUMN_ROTATION, rotation),
};

static bool texts_read(sqlite3_stmt *statement, struct session *session) {
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++)
                if (text_copy(column_text(statement, texts[i].column),
                              (char *)session + texts[i].offset, texts[i].size) < 0)
                        return false;
        return true;
}

/* The two of a rotation are there or not, together: the schema sees to it. */
static bool bytes_read(sqlite3_stmt *statement, struct session *session) {
        size_t i;

        for (i = 0; i < ELEMENTS(bytes); i++) {
                const void *blob = sqlite3_column_blob(statement, bytes[i].column);

                if (!blob && bytes[i].column >= COLUMN_PREVIOUS_HASH)
                        continue;
                if (!blob ||
                    (size_t)sqlite3_column_bytes(statement, bytes[i].column) != bytes[i].size)
                        return false;
                memcpy((char *)session + bytes[i].offset, blob, bytes[i].size);
        }
        session->has_previous = sqlite3_column_type(statement, COLUMN_PREVIOUS_HASH) != SQLITE_NULL;
        return true;
}

static int row_read(struct store *store, sqlite3_stmt *statement, struct session *ret) {
        struct session session = {
                .user_id = (uint64_t)sqlite3_column_int64(statement, COLUMN_USER_ID),
                .auth_time = sqlite3_column_int64(statement, COLUMN_AUTH_TIME),
                .used_at = sqlite3_column_int64(statement, COLUMN_USED_AT),
                .expires_at = sqlite3_column_int64(statement, COLUMN_EXPIRES_AT),
                .grace_until = sqlite3_column_int64(statement, COLUMN_GRACE_UNTIL),
        };

        if (!texts_read(statement, &session) || !bytes_read(statement, &session))
                return store_refuse(store, -EBADMSG, STORE_FILE ": a session is damaged");
        *ret = session;
        return 0;
}

int sessions_find(struct store *store, struct text sid, struct session *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_FIND);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, sid, &code);
        r = statement_find(store, statement, code, "looking a session up");
        return r < 0 ? r : row_read(store, statement, ret);
}

/* ---- listing ---- */

/* The login that a list of everybody's goes back to. */
static int floor_find(struct store *store, int64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_FLOOR);
        int code = SQLITE_OK;

        *ret = INT64_MIN;
        bind_number(statement, 1, SESSIONS_LISTED_MAX, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        return code == SQLITE_ROW || code == SQLITE_DONE
                       ? 0
                       : store_fail(store, code, "counting sessions");
}

/* `whose` is a user, or of everybody the floor. */
static void filter_bind(sqlite3_stmt *statement, const struct session_filter *filter, int64_t whose,
                        int *code) {
        bind_number(statement, 1, whose, code);
        bind_number(statement, 2, filter->now, code);
        bind_number(statement, 3, filter->now - filter->idle_s, code);
}

static int matches_count(struct store *store, const struct session_filter *filter, int64_t whose,
                         uint64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(
                store, filter->user_id ? STATEMENT_SESSION_COUNT_USER : STATEMENT_SESSION_COUNT);
        int code = SQLITE_OK, r;
        int64_t number;

        filter_bind(statement, filter, whose, &code);
        r = statement_number(store, statement, code, "counting sessions", &number);
        if (r == 0)
                *ret = (uint64_t)number;
        return r;
}

static int row_give(struct store *store, sqlite3_stmt *statement,
                    int (*each)(void *context, const struct session *session), void *context) {
        struct session session;
        int r;

        r = row_read(store, statement, &session);
        return r < 0 ? r : each(context, &session);
}

int sessions_list(struct store *store, const struct session_filter *filter,
                  int (*each)(void *context, const struct session *session), void *context,
                  uint64_t *ret_total) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(
                store, filter->user_id ? STATEMENT_SESSION_LIST_USER : STATEMENT_SESSION_LIST);
        int64_t whose = (int64_t)filter->user_id;
        int code = SQLITE_OK, r = 0;
        uint64_t total = 0;

        if (!filter->user_id)
                r = floor_find(store, &whose);
        if (r == 0)
                r = matches_count(store, filter, whose, &total);
        if (r < 0)
                return r;
        filter_bind(statement, filter, whose, &code);
        bind_number(statement, 4, filter->limit, &code);
        bind_number(statement, 5, filter->skip, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
                r = row_give(store, statement, each, context);
                if (r)
                        return r;
        }
        if (code != SQLITE_DONE)
                return store_fail(store, code, "listing sessions");
        *ret_total = total;
        return 0;
}

int sessions_latest(struct store *store, int64_t most, int64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_LATEST);
        int code = SQLITE_OK;

        bind_number(statement, 1, most, &code);
        return statement_number(store, statement, code, "looking for the latest session", ret);
}

/* ---- changing ---- */

static int row_add(struct store *store, const struct session *session) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_ADD);
        int code = SQLITE_OK;

        bind_text(statement, 1, text_of(session->sid), &code);
        bind_number(statement, 2, (int64_t)session->user_id, &code);
        bind_text(statement, 3, text_of(session->client_id), &code);
        bind_text(statement, 4, text_of(session->audience), &code);
        bind_text(statement, 5, text_of(session->scope), &code);
        bind_text(statement, 6, text_of(session->amr), &code);
        bind_number(statement, 7, session->auth_time, &code);
        bind_number(statement, 8, session->used_at, &code);
        bind_number(statement, 9, session->expires_at, &code);
        bind_bytes(statement, 10, session->family_key, FAMILY_KEY_LEN, &code);
        bind_bytes(statement, 11, session->current_hash, REFRESH_HASH_LEN, &code);
        bind_number(statement, 12, session->charged_to, &code);
        return statement_run(store, statement, code, "adding a session");
}

static int trimmed_read(struct store *store, sqlite3_stmt *statement,
                        struct sessions_trimmed *trimmed) {
        size_t i = trimmed->count;

        if (i == SESSIONS_TRIMMED_MAX ||
            text_copy(column_text(statement, 0), trimmed->of[i].sid, sizeof trimmed->of[i].sid) <
                    0 ||
            text_copy(column_text(statement, 1), trimmed->of[i].username,
                      sizeof trimmed->of[i].username) < 0)
                return store_refuse(store, -EBADMSG, STORE_FILE ": a session is damaged");
        trimmed->count++;
        return 0;
}

static int rows_trim(struct store *store, enum statement which, uint64_t owner, int64_t most,
                     struct sessions_trimmed *trimmed) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, which);
        int code = SQLITE_OK, r;

        bind_number(statement, 1, (int64_t)owner, &code);
        bind_number(statement, 2, most, &code);
        bind_number(statement, 3, SESSIONS_TRIMMED_MAX / 2, &code);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
                r = trimmed_read(store, statement, trimmed);
                if (r < 0)
                        return r;
        }
        return code == SQLITE_DONE ? 0 : store_fail(store, code, "removing old sessions");
}

int sessions_add(struct transaction *transaction, const struct session *session,
                 struct sessions_trimmed *ret_trimmed) {
        struct store *store = transaction_store(transaction);
        struct sessions_trimmed trimmed = {.count = 0};
        int r;

        r = row_add(store, session);
        if (r == 0)
                r = rows_trim(store, STATEMENT_SESSION_TRIM_USER, session->user_id,
                              SESSIONS_PER_USER, &trimmed);
        if (r == 0 && session->charged_to != SESSIONS_OF_NOBODY)
                r = rows_trim(store, STATEMENT_SESSION_TRIM_UID, session->charged_to,
                              SESSIONS_PER_UID, &trimmed);
        if (r == 0)
                *ret_trimmed = trimmed;
        return r;
}

int sessions_rotate(struct transaction *transaction, const struct session *rotated,
                    const uint8_t presented[REFRESH_HASH_LEN]) {
        struct store *store = transaction_store(transaction);
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_SESSION_ROTATE);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, text_of(rotated->sid), &code);
        bind_bytes(statement, 2, presented, REFRESH_HASH_LEN, &code);
        bind_bytes(statement, 3, rotated->current_hash, REFRESH_HASH_LEN, &code);
        bind_bytes(statement, 4, rotated->rotation, ROTATION_LEN, &code);
        bind_number(statement, 5, rotated->grace_until, &code);
        bind_number(statement, 6, rotated->used_at, &code);
        r = statement_run(store, statement, code, "rotating a refresh token");
        if (r == 0 && sqlite3_changes(store->db) != 1)
                r = -ESTALE;
        return r;
}
