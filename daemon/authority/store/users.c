/* Finding, adding and changing one user at a time. */
#include "users.h"

#include "../../../common/cleanup.h"
#include "user_row.h"

/* ---- finding ---- */

/* The row that a bound statement finds. */
static int find_one(struct store *store, sqlite3_stmt *statement, int code, struct user **ret) {
        int r = statement_find(store, statement, code, "looking a user up");

        return r < 0 ? r : user_row_read(store, statement, ret);
}

int users_find_name(struct store *store, struct text name, struct user **ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_FIND_NAME);
        int code = SQLITE_OK;

        bind_text(statement, 1, name, &code);
        return find_one(store, statement, code, ret);
}

int users_find_id(struct store *store, uint64_t id, struct user **ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_FIND_ID);
        int code = SQLITE_OK;

        if (id > INT64_MAX)
                return -ENOENT;
        bind_number(statement, 1, (int64_t)id, &code);
        return find_one(store, statement, code, ret);
}

int users_find_uid(struct store *store, uint32_t uid, struct user **ret) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_FIND_UID);
        int code = SQLITE_OK;

        bind_number(statement, 1, uid, &code);
        return find_one(store, statement, code, ret);
}

int users_find(struct store *store, struct text id_or_name, struct user **ret) {
        unsigned long long id;

        if (text_number(id_or_name, INT64_MAX, &id) == 0)
                return users_find_id(store, id, ret);
        return users_find_name(store, id_or_name, ret);
}

/* ---- conflicts, looked for while nobody else can write ---- */

static int find_holder(struct store *store, sqlite3_stmt *statement, int code, uint64_t *ret_id) {
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret_id = (uint64_t)sqlite3_column_int64(statement, 0);
        else if (code == SQLITE_DONE)
                *ret_id = 0;
        else
                return store_fail(store, code, "looking for a conflict");
        return 0;
}

/* Whose name it is; 0: nobody's. */
static int name_holder(struct store *store, struct text name, uint64_t *ret_id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_FIND_NAME);
        int code = SQLITE_OK;

        bind_text(statement, 1, name, &code);
        return find_holder(store, statement, code, ret_id);
}

static int uid_holder(struct store *store, bool has_uid, uint32_t uid, uint64_t *ret_id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_FIND_UID);
        int code = SQLITE_OK;

        bind_uid(statement, 1, has_uid, uid, &code); /* nothing equals NULL */
        return find_holder(store, statement, code, ret_id);
}

static int conflict_find(struct store *store, const struct new_user *new_user,
                         enum users_conflict *ret) {
        uint64_t by_name = 0, by_uid = 0;
        int r;

        r = name_holder(store, new_user->name, &by_name);
        if (r < 0)
                return r;
        r = uid_holder(store, new_user->has_uid, new_user->uid, &by_uid);
        if (r < 0)
                return r;
        *ret = by_name ? USERS_NAME_TAKEN : by_uid ? USERS_UID_TAKEN : USERS_FINE;
        return 0;
}

/* ---- adding ---- */

static int64_t time_or(int64_t time, int64_t otherwise) {
        return time != 0 ? time : otherwise;
}

static int row_add(struct store *store, const struct new_user *new_user, int64_t *ret_id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_ADD);
        int code = SQLITE_OK, r;

        bind_text(statement, 1, new_user->name, &code);
        bind_text(statement, 2, new_user->full_name, &code);
        bind_text(statement, 3, new_user->email, &code);
        bind_text_or_null(statement, 4, new_user->hash, &code);
        bind_uid(statement, 5, new_user->has_uid, new_user->uid, &code);
        bind_number(statement, 6, time_or(new_user->created_at, new_user->now), &code);
        bind_number(statement, 7,
                    new_user->hash.len > 0 ? time_or(new_user->password_changed_at, new_user->now)
                                           : 0,
                    &code);
        bind_number(statement, 8, new_user->expires_at, &code);
        bind_uid(statement, 9, new_user->is_charged, new_user->charged_to, &code);
        bind_number(statement, 10, new_user->disabled, &code);
        bind_number(statement, 11, new_user->must_change, &code);
        bind_number(statement, 12, new_user->email_of_admin && new_user->email.len > 0, &code);
        r = statement_run(store, statement, code, "adding a user");
        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(store->db);
        return r;
}

static int role_add(struct store *store, int64_t id, struct text role) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_ADD_ROLE);
        int code = SQLITE_OK;

        bind_number(statement, 1, id, &code);
        bind_text(statement, 2, role, &code);
        return statement_run(store, statement, code, "adding a user's role");
}

static int roles_add(struct store *store, int64_t id, struct text roles) {
        struct text role;
        int r;

        while (text_next_word(&roles, &role)) {
                r = role_add(store, id, role);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* All of a user, not yet committed. */
static int user_write(struct store *store, const struct new_user *new_user, struct user **ret) {
        int64_t id = 0;
        int r;

        r = row_add(store, new_user, &id);
        if (r < 0)
                return r;
        r = roles_add(store, id, new_user->roles);
        if (r < 0)
                return r;
        return users_find_id(store, (uint64_t)id, ret);
}

/* Refused before it is committed: verifiers could not be told of one more. */
static int linked_check(struct store *store) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_COUNT_LINKED);
        int64_t count;
        int r;

        r = statement_number(store, statement, SQLITE_OK, "counting linked accounts", &count);
        if (r < 0 || count <= USERS_LINKED_MAX)
                return r;
        return store_refuse(store, -E2BIG, STORE_FILE ": %d accounts are linked, which is the most",
                            USERS_LINKED_MAX);
}

int users_count_share(struct store *store, uint32_t charged_to, uint32_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_COUNT_SHARE);
        int code = SQLITE_OK, r;
        int64_t number;

        bind_number(statement, 1, charged_to, &code);
        r = statement_number(store, statement, code, "counting a share of users", &number);
        if (r == 0)
                *ret = (uint32_t)number;
        return r;
}

static int share_check(struct store *store, const struct new_user *new_user,
                       enum users_conflict *conflict) {
        uint32_t count = 0;
        int r;

        r = users_count_share(store, new_user->charged_to, &count);
        if (r == 0 && count >= new_user->share_max)
                *conflict = USERS_SHARE_FULL;
        return r;
}

int users_add(struct transaction *transaction, const struct new_user *new_user,
              enum users_conflict *ret_conflict, struct user **ret) {
        _cleanup_(user_freep) struct user *user = NULL;
        struct store *store = transaction_store(transaction);
        enum users_conflict conflict;
        int r;

        r = conflict_find(store, new_user, &conflict);
        if (r == 0 && conflict == USERS_FINE && new_user->is_charged)
                r = share_check(store, new_user, &conflict);
        if (r == 0 && conflict == USERS_FINE)
                r = user_write(store, new_user, &user);
        if (r == 0 && conflict == USERS_FINE && new_user->has_uid)
                r = linked_check(store);
        if (r < 0)
                return r;
        *ret_conflict = conflict;
        if (conflict == USERS_FINE)
                *ret = take(user);
        return 0;
}

/* ---- changing ---- */

/* -ENOENT when there is no such row. */
static int change_one(struct store *store, sqlite3_stmt *statement, int code, const char *doing) {
        int r;

        r = statement_run(store, statement, code, doing);
        if (r < 0)
                return r;
        return sqlite3_changes(store->db) == 1 ? 0 : -ENOENT;
}

static int row_change(struct store *store, uint64_t id, const struct user_change *change) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_CHANGE);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)id, &code);
        bind_number(statement, 2, change->members, &code);
        bind_text(statement, 3, change->full_name, &code);
        bind_text(statement, 4, change->email, &code);
        bind_number(statement, 5, change->disabled, &code);
        bind_number(statement, 6, change->expires_at, &code);
        bind_uid(statement, 7, change->has_uid, change->uid, &code);
        bind_text(statement, 8, change->hash, &code);
        bind_number(statement, 9, change->now, &code);
        bind_text(statement, 10, change->proven_hash, &code);
        bind_number(statement, 11, change->must_change, &code);
        bind_uid(statement, 12, change->is_of_account, change->account, &code);
        bind_number(statement, 13, change->email_of_admin && change->email.len > 0, &code);
        return change_one(store, statement, code, "changing a user");
}

static int roles_remove(struct store *store, uint64_t id) {
        _cleanup_statement_ sqlite3_stmt *statement =
                statement_borrow(store, STATEMENT_REMOVE_ROLES);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)id, &code);
        return statement_run(store, statement, code, "removing a user's roles");
}

static int roles_change(struct store *store, uint64_t id, const struct user_change *change) {
        int r;

        if (!(change->members & USER_ROLES))
                return 0;
        r = roles_remove(store, id);
        return r < 0 ? r : roles_add(store, (int64_t)id, change->roles);
}

/* Whether another user is linked to the account that this one is to have. */
static int uid_conflict(struct store *store, uint64_t id, const struct user_change *change,
                        enum users_conflict *ret) {
        uint64_t holder = 0;
        int r;

        r = uid_holder(store, (change->members & USER_UID) && change->has_uid, change->uid,
                       &holder);
        if (r == 0)
                *ret = holder != 0 && holder != id ? USERS_UID_TAKEN : USERS_FINE;
        return r;
}

/* All of a change, not yet committed. */
static int change_write(struct store *store, uint64_t id, const struct user_change *change,
                        struct user **ret) {
        int r;

        r = row_change(store, id, change);
        if (r == 0)
                r = roles_change(store, id, change);
        if (r == 0 && (change->members & USER_UID) && change->has_uid)
                r = linked_check(store);
        return r < 0 ? r : users_find_id(store, id, ret);
}

int users_change(struct transaction *transaction, uint64_t id, const struct user_change *change,
                 enum users_conflict *ret_conflict, struct user **ret) {
        _cleanup_(user_freep) struct user *user = NULL;
        struct store *store = transaction_store(transaction);
        enum users_conflict conflict = USERS_FINE;
        int r;

        if (id > INT64_MAX)
                return -ENOENT;
        r = uid_conflict(store, id, change, &conflict);
        if (r == 0 && conflict == USERS_FINE)
                r = change_write(store, id, change, &user);
        if (r < 0)
                return r;
        *ret_conflict = conflict;
        if (conflict == USERS_FINE)
                *ret = take(user);
        return 0;
}

static int row_remove(struct store *store, uint64_t id) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_REMOVE);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)id, &code);
        return change_one(store, statement, code, "removing a user");
}

int users_remove(struct transaction *transaction, uint64_t id) {
        struct store *store = transaction_store(transaction);
        int r;

        if (id > INT64_MAX)
                return -ENOENT;
        r = roles_remove(store, id);
        return r < 0 ? r : row_remove(store, id);
}

static int hash_write(struct store *store, uint64_t id, struct text old_hash,
                      struct text new_hash) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, STATEMENT_SET_HASH);
        int code = SQLITE_OK;

        bind_number(statement, 1, (int64_t)id, &code);
        bind_text(statement, 2, old_hash, &code);
        bind_text(statement, 3, new_hash, &code);
        return change_one(store, statement, code, "renewing a hash");
}

int users_set_hash(struct transaction *transaction, uint64_t id, struct text old_hash,
                   struct text new_hash) {
        int r;

        if (id > INT64_MAX)
                return -ESTALE;
        r = hash_write(transaction_store(transaction), id, old_hash, new_hash);
        return r == -ENOENT ? -ESTALE : r;
}
