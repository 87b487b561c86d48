/* From a row to a struct user that owns all it points to, and its end. */
#include "user_row.h"

#include "../../../common/cleanup.h"

/* In the order of USER_COLUMNS. */
enum column {
        COLUMN_ID,
        COLUMN_NAME,
        COLUMN_FULL_NAME,
        COLUMN_EMAIL,
        COLUMN_PASSWORD_HASH,
        COLUMN_DISABLED,
        COLUMN_UID,
        COLUMN_CREATED_AT,
        COLUMN_PASSWORD_CHANGED_AT,
        COLUMN_EXPIRES_AT,
        COLUMN_MUST_CHANGE,
        COLUMN_ROLES,
};

void user_free(struct user *user) {
        if (!user)
                return;
        free(user->full_name);
        free(user->email);
        free(user->roles);
        secret_free(user->hash);
        free(user);
}

static int hash_read(sqlite3_stmt *statement, struct secret **ret) {
        const struct text hash = column_text(statement, COLUMN_PASSWORD_HASH);

        return hash.len > 0 ? secret_new(hash.p, hash.len, ret) : 0;
}

static int texts_read(sqlite3_stmt *statement, struct user *user) {
        if (text_copy(column_text(statement, COLUMN_NAME), user->name, sizeof user->name) < 0 ||
            user->name[0] == '\0')
                return -EBADMSG;
        if (column_string(statement, COLUMN_FULL_NAME, &user->full_name) < 0 ||
            column_string(statement, COLUMN_EMAIL, &user->email) < 0 ||
            column_string(statement, COLUMN_ROLES, &user->roles) < 0 ||
            hash_read(statement, &user->hash) < 0)
                return -ENOMEM;
        return 0;
}

static int numbers_read(sqlite3_stmt *statement, struct user *user) {
        const int64_t id = sqlite3_column_int64(statement, COLUMN_ID);
        const int64_t uid = sqlite3_column_int64(statement, COLUMN_UID);

        user->has_uid = sqlite3_column_type(statement, COLUMN_UID) != SQLITE_NULL;
        if (id <= 0 || uid < 0 || uid >= UINT32_MAX)
                return -EBADMSG;
        user->id = (uint64_t)id;
        user->uid = (uint32_t)uid;
        /* Anything but the 0 of an enabled user. */
        user->disabled = sqlite3_column_int64(statement, COLUMN_DISABLED) != 0;
        user->created_at = sqlite3_column_int64(statement, COLUMN_CREATED_AT);
        user->password_changed_at = sqlite3_column_int64(statement, COLUMN_PASSWORD_CHANGED_AT);
        user->must_change = sqlite3_column_int64(statement, COLUMN_MUST_CHANGE) != 0;
        user->expires_at = sqlite3_column_int64(statement, COLUMN_EXPIRES_AT);
        return 0;
}

int user_row_read(struct store *store, sqlite3_stmt *statement, struct user **ret) {
        _cleanup_(user_freep) struct user *user = calloc(1, sizeof *user);
        int r;

        r = user ? texts_read(statement, user) : -ENOMEM;
        if (r == 0)
                r = numbers_read(statement, user);
        if (r < 0)
                return store_refuse(store, r, STORE_FILE ": reading a user: %s", strerror(-r));
        *ret = take(user);
        return 0;
}
