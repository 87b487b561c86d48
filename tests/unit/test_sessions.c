/* The rows of sessions and revocations: whose they are, how many there may be, what a change leaves
 * behind, and that none of it reads the rows of everybody.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/migrate.c daemon/authority/store/user_row.c
 *        daemon/authority/store/transaction.c daemon/authority/store/users.c
 *        daemon/authority/store/sessions.c
 *        daemon/authority/store/revocations.c daemon/authority/store/endings.c
 * needs: sqlite3 libcrypto */
#include "../../daemon/authority/store/database.h"
#include "../../daemon/authority/store/endings.h"
#include "../../daemon/authority/store/migrate.h"
#include "../../daemon/authority/store/sessions.h"
#include "../../daemon/authority/store/users.h"

#include "../../common/cleanup.h"
#include "committed.h"
#include "../../common/jwt/revocations.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW  INT64_C(1800000000)
#define IDLE 1000

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1;
static struct store *store;
static struct sessions_trimmed trimmed; /* by the last one added */

static void execute(const char *sql) {
        if (store_execute(store, sql, "what a test wants") < 0)
                fail_msg("%s", store_error(store));
}

/* Users 1 and 2 are there. */
static int store_make(void **state) {
        bool created;

        (void)state;
        directory_fd = own_folder_make(directory);
        if (directory_fd < 0 || store_open(directory_fd, &created, &store) < 0)
                return -1;
        execute("INSERT INTO users (id, name, created_at) VALUES (1, 'alice', 1), (2, 'bob', 1)");
        return 0;
}

static int store_drop(void **state) {
        (void)state;
        store_freep(&store);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

/* The n-th sid. */
static const char *sid_of(unsigned n) {
        static char sid[SID_LEN + 1];

        snprintf(sid, sizeof sid, "%022u", n);
        return sid;
}

static struct session session_of(unsigned n, uint64_t user_id) {
        struct session session = {
                .user_id = user_id,
                .client_id = "local",
                .audience = "https://host.example",
                .amr = "pwd",
                .auth_time = NOW + n,
                .used_at = NOW + n,
                .expires_at = NOW + 100000,
                .charged_to = 1000,
        };

        memcpy(session.sid, sid_of(n), sizeof session.sid);
        memset(session.family_key, 1, sizeof session.family_key);
        memset(session.current_hash, 2, sizeof session.current_hash);
        return session;
}

static void add(const struct session *session) {
        if (committed(store, sessions_add(transaction, session, &trimmed)) < 0)
                fail_msg("%s", store_error(store));
}

static void add_plain(unsigned n, uint64_t user_id) {
        const struct session session = session_of(n, user_id);

        add(&session);
}

static bool is_there(unsigned n) {
        struct session session;
        int r = sessions_find(store, text_of(sid_of(n)), &session);

        assert_true(r == 0 || r == -ENOENT);
        return r == 0;
}

static int64_t number_of(const char *sql) {
        sqlite3_stmt *statement;
        int64_t number;

        assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return number;
}

/* ---- one session ---- */

static void a_session_is_found_as_it_was_added(void **state) {
        struct session added = session_of(1, 1), found;

        (void)state;
        add(&added);
        assert_int_equal(sessions_find(store, text_of(added.sid), &found), 0);
        assert_string_equal(found.username, "alice");
        assert_string_equal(found.client_id, added.client_id);
        assert_string_equal(found.audience, added.audience);
        assert_int_equal(found.auth_time, added.auth_time);
        assert_int_equal(found.expires_at, added.expires_at);
        assert_memory_equal(found.family_key, added.family_key, FAMILY_KEY_LEN);
        assert_memory_equal(found.current_hash, added.current_hash, REFRESH_HASH_LEN);
        assert_false(found.has_previous);
        assert_int_equal(sessions_find(store, text_of(sid_of(2)), &found), -ENOENT);
}

static void nobody_has_a_session_who_is_no_user(void **state) {
        const struct session session = session_of(1, 77);

        (void)state;
        assert_int_equal(committed(store, sessions_add(transaction, &session, &trimmed)), -EINVAL);
        assert_false(is_there(1));
}

static void a_session_goes_with_its_user(void **state) {
        (void)state;
        add_plain(1, 1);
        add_plain(2, 2);
        assert_int_equal(committed(store, users_remove(transaction, 1)), 0);
        assert_false(is_there(1));
        assert_true(is_there(2));
}

static void only_the_newest_token_is_rotated_and_once(void **state) {
        struct session session = session_of(1, 1), rotated, found;
        uint8_t before[REFRESH_HASH_LEN];

        (void)state;
        add(&session);
        memcpy(before, session.current_hash, sizeof before);
        rotated = session;
        memset(rotated.current_hash, 3, sizeof rotated.current_hash);
        memset(rotated.rotation, 4, sizeof rotated.rotation);
        rotated.used_at = NOW + 50;
        rotated.grace_until = NOW + 110;
        assert_int_equal(committed(store, sessions_rotate(transaction, &rotated, before)), 0);
        assert_int_equal(committed(store, sessions_rotate(transaction, &rotated, before)), -ESTALE);
        assert_int_equal(sessions_find(store, text_of(session.sid), &found), 0);
        assert_true(found.has_previous);
        assert_memory_equal(found.previous_hash, before, sizeof before);
        assert_memory_equal(found.current_hash, rotated.current_hash, REFRESH_HASH_LEN);
        assert_memory_equal(found.rotation, rotated.rotation, ROTATION_LEN);
        assert_int_equal(found.used_at, NOW + 50);
        assert_int_equal(found.grace_until, NOW + 110);
}

/* ---- how many ---- */

static void the_65th_of_a_user_takes_the_place_of_the_one_used_longest_ago(void **state) {
        unsigned n;

        (void)state;
        add_plain(1000, 2);
        for (n = 0; n < SESSIONS_PER_USER; n++)
                add_plain(n, 1);
        execute("UPDATE sessions SET used_at = used_at + 500 WHERE sid = '0000000000000000000000'");
        assert_int_equal(trimmed.count, 0);
        add_plain(n, 1);
        assert_int_equal(trimmed.count, 1);
        assert_string_equal(trimmed.of[0].sid, sid_of(1));
        assert_string_equal(trimmed.of[0].username, "alice");
        assert_true(is_there(0));
        assert_false(is_there(1));
        assert_true(is_there(2) && is_there(n) && is_there(1000));
}

/* 16,384 of many users, two minutes ago, all charged to that uid. */
static void share_fill(uint32_t uid) {
        char sql[1024];

        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                 "INSERT INTO users (id, name, created_at) SELECT 10 + i, 'u' || i, 1 FROM n",
                 SESSIONS_PER_UID - 1);
        execute(sql);
        snprintf(sql, sizeof sql,
                 "INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time, "
                 "used_at, expires_at, family_key, current_hash, charged_to) "
                 "SELECT printf('x%%021d', %u + id), id, 'local', '', '', '', %lld, %lld + id, "
                 "%lld, zeroblob(32), zeroblob(32), %u FROM users WHERE id >= 10",
                 uid, (long long)NOW - 20000, (long long)NOW - 20000, (long long)NOW + 100000, uid);
        execute(sql);
}

static int64_t held_by(uint32_t uid) {
        char sql[96];

        snprintf(sql, sizeof sql, "SELECT count(*) FROM sessions WHERE charged_to = %u", uid);
        return number_of(sql);
}

static void a_uid_that_has_its_share_gives_up_its_own_oldest(void **state) {
        (void)state;
        share_fill(1000);
        add_plain(1, 1);
        assert_int_equal(trimmed.count, 1);
        assert_string_equal(trimmed.of[0].username, "u0");
        assert_true(is_there(1));
        assert_int_equal(held_by(1000), SESSIONS_PER_UID);
        assert_int_equal(number_of("SELECT count(*) FROM sessions WHERE user_id = 10"), 0);
        assert_int_equal(number_of("SELECT count(*) FROM sessions WHERE user_id = 11"), 1);
}

static void what_one_uid_holds_costs_no_other_and_not_the_proxy(void **state) {
        struct session session = session_of(1, 1);

        (void)state;
        share_fill(1000);
        session.charged_to = 1001;
        add(&session);
        assert_int_equal(held_by(1000), SESSIONS_PER_UID);
        execute("UPDATE sessions SET charged_to = 4294967295 WHERE charged_to = 1000");
        session = session_of(2, 1);
        session.charged_to = SESSIONS_OF_NOBODY;
        add(&session);
        assert_int_equal(held_by(SESSIONS_OF_NOBODY), SESSIONS_PER_UID + 1);
}

/* ---- lists ---- */

static int list_count(void *context, const struct session *session) {
        char *names = context;

        strcat(names, session->username);
        strcat(names, " ");
        return 0;
}

static uint64_t list(uint64_t user_id, uint32_t skip, uint32_t limit, const char *names) {
        struct session_filter filter = {
                .user_id = user_id, .now = NOW, .idle_s = IDLE, .skip = skip, .limit = limit};
        char found[256] = "";
        uint64_t total = 99;

        assert_int_equal(sessions_list(store, &filter, list_count, found, &total), 0);
        assert_string_equal(found, names);
        return total;
}

static void a_list_is_of_one_user_or_of_all_newest_first(void **state) {
        struct session over = session_of(4, 1), idle = session_of(5, 1);

        (void)state;
        add_plain(1, 1);
        add_plain(2, 2);
        add_plain(3, 1);
        over.expires_at = NOW;
        add(&over);
        idle.used_at = NOW - IDLE;
        add(&idle);
        assert_int_equal(list(0, 0, 100, "alice bob alice "), 3);
        assert_int_equal(list(0, 1, 1, "bob "), 3);
        assert_int_equal(list(1, 0, 100, "alice alice "), 2);
        assert_int_equal(list(2, 0, 100, "bob "), 1);
        assert_int_equal(list(77, 0, 100, ""), 0);
}

/* ---- revoking ---- */

static int entry_count(void *context, const struct page_revocation *entry) {
        unsigned *kinds = context;

        kinds[entry->kind]++;
        return 0;
}

static unsigned entries_of(enum revocation_kind kind) {
        unsigned kinds[REVOKED_KINDS] = {0};

        assert_int_equal(revocations_list(store, NOW, entry_count, kinds), 0);
        return kinds[kind];
}

static struct revocation revocation_of(enum revocation_kind kind, uint8_t value) {
        return (struct revocation){
                .entry = {.kind = kind,
                          .value = {value},
                          .before = REVOKED_WHENEVER,
                          .drop_at = NOW + 900},
                .now = NOW,
                .until = NOW + 1,
                .horizon = NOW + 1000,
                .login_before = INT64_MAX,
        };
}

static bool revoke_it(const struct revocation *revocation) {
        bool collapsed = true;

        assert_int_equal(committed(store, revocations_store(transaction, revocation, &collapsed)),
                         0);
        return collapsed;
}

static void a_revocation_ends_the_sessions_it_names_and_no_other(void **state) {
        struct revocation one = revocation_of(REVOKED_SESSION, 1),
                          user = revocation_of(REVOKED_SUBJECT, 2),
                          client = revocation_of(REVOKED_CLIENT, 3),
                          all = revocation_of(REVOKED_ALL, 4);
        unsigned n;

        (void)state;
        for (n = 0; n < 6; n++)
                add_plain(n, n < 4 ? 1 : 2);
        execute("UPDATE sessions SET client_id = 'other' WHERE sid LIKE '%4'");
        one.sid = text_of(sid_of(0));
        assert_false(revoke_it(&one));
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 5);
        user.user_id = 1;
        user.login_before = NOW + 3;
        revoke_it(&user);
        assert_false(is_there(1) || is_there(2));
        assert_true(is_there(3) && is_there(4) && is_there(5));
        client.client_id = TEXT("other");
        revoke_it(&client);
        assert_true(is_there(3) && !is_there(4) && is_there(5));
        revoke_it(&all);
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 0);
}

static void a_single_token_ends_no_session(void **state) {
        struct revocation token = revocation_of(REVOKED_TOKEN, 1);

        (void)state;
        add_plain(1, 1);
        assert_false(revoke_it(&token));
        assert_true(is_there(1));
        assert_int_equal(entries_of(REVOKED_TOKEN), 1);
}

static void the_65th_entry_of_a_subject_makes_one_of_all(void **state) {
        struct revocation token, other = revocation_of(REVOKED_TOKEN, 200);
        unsigned n;

        (void)state;
        other.has_subject = true;
        memset(other.subject, 8, sizeof other.subject);
        revoke_it(&other);
        for (n = 0; n <= REVOCATIONS_PER_SUBJECT; n++) {
                token = revocation_of(REVOKED_TOKEN, (uint8_t)n);
                token.has_subject = true;
                memset(token.subject, 7, sizeof token.subject);
                assert_int_equal(revoke_it(&token), n == REVOCATIONS_PER_SUBJECT);
        }
        assert_int_equal(entries_of(REVOKED_TOKEN), 1);
        assert_int_equal(entries_of(REVOKED_SUBJECT), 1);
}

static struct revocation token_of(uint8_t subject, uint8_t value) {
        struct revocation token = revocation_of(REVOKED_TOKEN, value);

        token.has_subject = true;
        memset(token.subject, subject, sizeof token.subject);
        return token;
}

static void where_there_are_too_many_in_all_each_subject_has_one(void **state) {
        struct revocation tokens[] = {token_of(1, 1), token_of(1, 2), token_of(1, 3),
                                      token_of(2, 4), token_of(3, 5), token_of(3, 6)};
        size_t i;

        (void)state;
        tokens[5].is_crowded = true;
        for (i = 0; i < ELEMENTS(tokens); i++)
                assert_int_equal(revoke_it(&tokens[i]), tokens[i].is_crowded);
        assert_int_equal(entries_of(REVOKED_SUBJECT), 2);
        assert_int_equal(entries_of(REVOKED_TOKEN), 1);
        assert_int_equal(number_of("SELECT count(*) FROM revocations WHERE kind = 3 AND "
                                   "before = 1800000001 AND drop_at = 1800001000 AND "
                                   "value IN (x'01010101010101010101010101010101', "
                                   "x'03030303030303030303030303030303')"),
                         2);
        tokens[3].is_crowded = true;
        assert_false(revoke_it(&tokens[3]));
}

static void revoking_again_never_revokes_less(void **state) {
        struct revocation user = revocation_of(REVOKED_SUBJECT, 1);

        (void)state;
        user.entry.before = NOW + 1;
        revoke_it(&user);
        user.entry.before = NOW - 500;
        user.entry.drop_at = NOW + 1;
        revoke_it(&user);
        assert_int_equal(number_of("SELECT before FROM revocations"), NOW + 1);
        assert_int_equal(number_of("SELECT drop_at FROM revocations"), NOW + 900);
}

/* ---- sweeping ---- */

static int64_t sweep(int64_t now, uint64_t *ret_entries) {
        int64_t next = -1;

        assert_int_equal(
                committed(store, sessions_sweep(transaction, now, IDLE, ret_entries, &next)), 0);
        return next;
}

static void a_sweep_removes_what_is_over_and_tells_what_comes_next(void **state) {
        struct session over = session_of(1, 1), idle = session_of(2, 1), alive = session_of(3, 1);
        struct revocation revocation = revocation_of(REVOKED_TOKEN, 1);
        uint64_t entries = 99;

        (void)state;
        over.expires_at = NOW;
        idle.used_at = NOW - IDLE;
        add(&over);
        add(&idle);
        add(&alive);
        execute("UPDATE sessions SET previous_hash = zeroblob(32), rotation = zeroblob(32), "
                "grace_until = 1800000060 WHERE sid LIKE '%3'");
        revoke_it(&revocation);
        assert_int_equal(sweep(NOW, &entries), NOW + 60);
        assert_int_equal(entries, 0);
        assert_false(is_there(1) || is_there(2));
        assert_int_equal(sweep(NOW + 60, &entries), INT64_MAX);
        assert_int_equal(number_of("SELECT count(*) FROM sessions WHERE rotation IS NULL"), 1);
        sweep(NOW + 900, &entries);
        assert_int_equal(entries, 1);
        assert_int_equal(entries_of(REVOKED_TOKEN), 0);
        assert_true(is_there(3));
}

static void a_sweep_of_many_goes_in_steps(void **state) {
        uint64_t entries;
        unsigned steps = 0;

        (void)state;
        share_fill(1000);
        while (sweep(NOW + 200000, &entries) == NOW + 200000)
                steps++;
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 0);
        assert_true(steps >= SESSIONS_PER_UID / (2 * SWEEP_MAX));
}

/* ---- the end of many at once ---- */

/* `count` sessions of bob's with numbers from 1,000 on, all begun at `login`. */
static void many_add(unsigned count, const char *client_id, int64_t login) {
        char sql[640];

        snprintf(sql, sizeof sql,
                 "INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time, "
                 "used_at, expires_at, family_key, current_hash, charged_to) "
                 "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n "
                 "WHERE i < %u) SELECT printf('%%s%%021u', substr('%s', 1, 1), i), 2, '%s', 'a', "
                 "'', 'pwd', %lld, %lld, %lld, zeroblob(32), zeroblob(32), 1000 FROM n",
                 999 + count, client_id, client_id, (long long)login, (long long)login,
                 (long long)NOW + 100000);
        execute(sql);
}

static bool has_listed;

static int listed(void *context, const struct session *session) {
        (void)context;
        (void)session;
        has_listed = true;
        return 0;
}

/* Whether any is found in a list of everybody's, and how many. */
static uint64_t count_listed(void) {
        const struct session_filter filter = {.now = NOW, .idle_s = IDLE, .limit = 10};
        uint64_t total = 99;

        has_listed = false;
        assert_int_equal(sessions_list(store, &filter, listed, NULL, &total), 0);
        assert_int_equal(has_listed, total > 0);
        return total;
}

static bool has_many(const char *client_id) {
        char sid[SID_LEN + 1];
        struct session session;

        snprintf(sid, sizeof sid, "%c%021u", client_id[0], 1000U);
        return sessions_find(store, text_of(sid), &session) == 0;
}

static unsigned sweep_all(void) {
        unsigned steps = 0;
        uint64_t entries;

        while (sweep(NOW, &entries) == NOW)
                steps++;
        return steps;
}

static void store_open_again(void) {
        bool created;

        store_freep(&store);
        assert_int_equal(store_open(directory_fd, &created, &store), 0);
}

static void many_end_at_once_and_their_rows_go_in_steps(void **state) {
        struct revocation all = revocation_of(REVOKED_ALL, 1);
        int before;

        (void)state;
        all.login_before = INT64_MAX;
        many_add(5 * SWEEP_MAX, "local", NOW - 1);
        assert_int_equal(count_listed(), 5 * SWEEP_MAX);
        before = sqlite3_total_changes(store->db);
        revoke_it(&all);
        assert_true(sqlite3_total_changes(store->db) - before < SWEEP_MAX + 10);
        assert_false(has_many("local"));
        assert_int_equal(count_listed(), 0);
        store_open_again();
        assert_false(has_many("local"));
        assert_int_equal(count_listed(), 0);
        /* Of the same second, by a clock that was set back even: it came later. */
        add_plain(1, 1);
        execute("UPDATE sessions SET auth_time = 7 WHERE user_id = 1");
        assert_true(is_there(1));
        assert_int_equal(sweep_all(), 5);
        assert_true(is_there(1));
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 1);
        assert_int_equal(number_of("SELECT count(*) FROM endings"), 0);
}

static void many_of_one_client_end_and_no_other(void **state) {
        struct revocation client = revocation_of(REVOKED_CLIENT, 1);

        (void)state;
        many_add(2 * SWEEP_MAX, "local", NOW - 9);
        many_add(2 * SWEEP_MAX, "other", NOW - 1);
        client.client_id = TEXT("other");
        client.login_before = NOW;
        revoke_it(&client);
        assert_true(has_many("local"));
        assert_false(has_many("other"));
        assert_int_equal(count_listed(), 2 * SWEEP_MAX);
        sweep_all();
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 2 * SWEEP_MAX);
}

static void of_many_only_those_before_the_time_end(void **state) {
        struct revocation all = revocation_of(REVOKED_ALL, 1);

        (void)state;
        many_add(2 * SWEEP_MAX, "local", NOW - 9);
        many_add(1, "other", NOW - 5);
        all.login_before = NOW - 5;
        revoke_it(&all);
        assert_false(has_many("local"));
        assert_true(has_many("other"));
        sweep_all();
        assert_int_equal(number_of("SELECT count(*) FROM sessions"), 1);
}

static void one_ending_takes_the_place_of_those_that_it_covers(void **state) {
        struct revocation all = revocation_of(REVOKED_ALL, 1),
                          client = revocation_of(REVOKED_CLIENT, 1);
        unsigned i;

        (void)state;
        many_add(10 * SWEEP_MAX, "local", NOW - 9);
        client.client_id = TEXT("local");
        client.login_before = NOW - 1;
        revoke_it(&client);
        for (i = 0; i < 3; i++) {
                all.login_before = NOW + i;
                revoke_it(&all);
                assert_int_equal(number_of("SELECT count(*) FROM endings"), 1);
        }
        assert_int_equal(number_of("SELECT login_before FROM endings"), NOW + 2);
}

static void there_are_so_many_endings_and_no_more(void **state) {
        struct revocation all = revocation_of(REVOKED_ALL, 1);
        bool collapsed = false;
        unsigned i;

        (void)state;
        many_add((ENDINGS_MAX + 3) * SWEEP_MAX, "local", NOW - 1000);
        for (i = 0; i < ENDINGS_MAX; i++) {
                all.login_before = NOW - i;
                revoke_it(&all);
        }
        all.login_before = NOW - i;
        assert_int_equal(committed(store, revocations_store(transaction, &all, &collapsed)),
                         -EBUSY);
        assert_int_equal(number_of("SELECT count(*) FROM endings"), ENDINGS_MAX);
}

static void a_list_of_everybodys_goes_back_so_far_and_no_further(void **state) {
        (void)state;
        many_add(SESSIONS_LISTED_MAX, "local", NOW - 1);
        assert_int_equal(count_listed(), SESSIONS_LISTED_MAX);
        many_add(1000, "other", NOW - 2);
        many_add(1000, "third", NOW - 3);
        assert_int_equal(count_listed(), SESSIONS_LISTED_MAX + 1000);
}

/* ---- with a million of rows ---- */

/* What each statement does with the rows of everybody: the ones that are about everybody read them
 * in the order of an index, and only an admin asks. */
static const struct {
        enum statement statement;
        const char *may_scan;
} plans[] = {
        {STATEMENT_SESSION_ADD, NULL},
        {STATEMENT_SESSION_TRIM_USER, NULL},
        {STATEMENT_SESSION_TRIM_UID, NULL},
        {STATEMENT_SESSION_FIND, NULL},
        {STATEMENT_SESSION_ROTATE, NULL},
        {STATEMENT_SESSION_LIST_USER, NULL},
        {STATEMENT_SESSION_COUNT_USER, NULL},
        {STATEMENT_SESSION_LIST, NULL},
        {STATEMENT_SESSION_FLOOR, "SCAN sessions USING COVERING INDEX sessions_by_login"},
        {STATEMENT_SESSION_LATEST, "SCAN CONSTANT ROW"},
        {STATEMENT_SESSION_COUNT, NULL},
        {STATEMENT_SESSION_END, NULL},
        {STATEMENT_SESSION_END_CLIENT, NULL},
        {STATEMENT_SESSION_END_ALL, NULL},
        {STATEMENT_ENDING_COVERED, "SCAN endings"},
        {STATEMENT_ENDING_OLDEST, "SCAN endings"},
        {STATEMENT_SESSION_END_USER, NULL},
        {STATEMENT_REVOKE, NULL},
        {STATEMENT_REVOKED_COUNT, NULL},
        {STATEMENT_REVOKED_FORGET, NULL},
        {STATEMENT_SWEEP_EXPIRED, NULL},
        {STATEMENT_SWEEP_IDLE, NULL},
        {STATEMENT_SWEEP_GRACES, NULL},
        {STATEMENT_SWEEP_REVOCATIONS, NULL},
        {STATEMENT_NEXT_GRACE, NULL},
};

static void plan_check(const char *sql, const char *may_scan) {
        _cleanup_(freep) char *question = NULL;
        sqlite3_stmt *statement;

        assert_true(asprintf(&question, "EXPLAIN QUERY PLAN %s", sql) > 0);
        assert_int_equal(sqlite3_prepare_v2(store->db, question, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
                const char *step = (const char *)sqlite3_column_text(statement, 3);

                if (strncmp(step, "SCAN", 4) == 0 && (!may_scan || strcmp(step, may_scan) != 0))
                        fail_msg("%s: %s", sql, step);
        }
        sqlite3_finalize(statement);
}

static void no_statement_reads_the_rows_of_everybody(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(plans); i++)
                plan_check(sqlite3_sql(store->statements[plans[i].statement]), plans[i].may_scan);
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_make, store_drop)
                TEST(a_session_is_found_as_it_was_added),
                TEST(nobody_has_a_session_who_is_no_user),
                TEST(a_session_goes_with_its_user),
                TEST(only_the_newest_token_is_rotated_and_once),
                TEST(the_65th_of_a_user_takes_the_place_of_the_one_used_longest_ago),
                TEST(a_uid_that_has_its_share_gives_up_its_own_oldest),
                TEST(what_one_uid_holds_costs_no_other_and_not_the_proxy),
                TEST(a_list_is_of_one_user_or_of_all_newest_first),
                TEST(a_revocation_ends_the_sessions_it_names_and_no_other),
                TEST(a_single_token_ends_no_session),
                TEST(the_65th_entry_of_a_subject_makes_one_of_all),
                TEST(where_there_are_too_many_in_all_each_subject_has_one),
                TEST(revoking_again_never_revokes_less),
                TEST(a_sweep_removes_what_is_over_and_tells_what_comes_next),
                TEST(a_sweep_of_many_goes_in_steps),
                TEST(many_end_at_once_and_their_rows_go_in_steps),
                TEST(many_of_one_client_end_and_no_other),
                TEST(of_many_only_those_before_the_time_end),
                TEST(one_ending_takes_the_place_of_those_that_it_covers),
                TEST(there_are_so_many_endings_and_no_more),
                TEST(a_list_of_everybodys_goes_back_so_far_and_no_further),
                TEST(no_statement_reads_the_rows_of_everybody),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
