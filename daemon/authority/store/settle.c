/* A database that comes back after a time. What was revoked, rotated and given since is not in it:
 * sessions that were ended would go on, and a new user would get an id that tokens have. */
#include "settle.h"

#include "../../../common/jwt/revocations.h"
#include "database.h"
#include "sessions.h"

#include <stdio.h>

/* Nobody has given so many ids: whoever wrote such a number wants none to be left. */
#define ID_BELIEVED_MAX (INT64_C(1) << 40)

struct settling {
        bool keeps_sessions;
        int64_t last_id, before, drop_at;
};

/* ---- ids ---- */

int store_last_id(struct store *store, int64_t *ret) {
        return store_number(store,
                            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
                            "WHERE name = 'users'",
                            "looking for its last id", ret);
}

/* Without a row nobody was ever added. */
static int ids_skip(struct store *store, int64_t last_id) {
        char sql[320];

        snprintf(sql, sizeof sql,
                 "INSERT INTO sqlite_sequence (name, seq) SELECT 'users', 0 "
                 "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users');"
                 "UPDATE sqlite_sequence SET seq = max(seq, %lld) + %d WHERE name = 'users'",
                 (long long)(last_id < ID_BELIEVED_MAX ? last_id : 0), SETTLE_IDS_SKIPPED);
        return store_execute(store, sql, "skipping ids");
}

/* ---- sessions and tokens ---- */

static int all_revoke(struct transaction *transaction, const struct settling *settling) {
        struct revocation all = {
                .entry = {.kind = REVOKED_ALL,
                          .before = settling->before,
                          .drop_at = settling->drop_at},
                .login_before = INT64_MAX,
        };
        bool collapsed;
        int r;

        r = revocation_digest(TEXT(""), all.entry.value);
        return r < 0 ? r : revocations_store(transaction, &all, &collapsed);
}

static int write(void *context, struct transaction *transaction) {
        struct store *store = transaction_store(transaction);
        const struct settling *settling = context;
        int r;

        r = ids_skip(store, settling->last_id);
        if (r < 0 || settling->keeps_sessions)
                return r;
        r = store_execute(store, "DELETE FROM logins", "ending system logins");
        return r < 0 ? r : all_revoke(transaction, settling);
}

int store_settle(struct store *store, bool keeps_sessions, int64_t last_id, int64_t before,
                 int64_t drop_at) {
        struct settling settling = {keeps_sessions, last_id, before, drop_at};
        _cleanup_transaction_ struct transaction *transaction = NULL;
        int r;

        r = transaction_begin(store, &transaction);
        if (r == 0)
                r = transaction_try(transaction, write, &settling);
        return r < 0 ? r : transaction_commit(transaction);
}
