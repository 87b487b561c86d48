/* The user database on a real file system: what is refused, what survives, what cannot happen.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/migrate.c daemon/authority/store/user_row.c
 *        daemon/authority/store/transaction.c daemon/authority/store/users.c
 *        daemon/authority/store/users_list.c
 * needs: sqlite3 */
#include "../../daemon/authority/store/database.h"
#include "../../daemon/authority/store/migrate.h"
#include "../../daemon/authority/store/users.h"

#include "../../common/cleanup.h"
#include "committed.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NOW 1700000000

/* ---- every test has a directory of its own ---- */

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1;
static struct store *store;
static bool created;

static int directory_make(void **state) {
        (void)state;
        directory_fd = own_folder_make(directory);
        return directory_fd < 0 ? -1 : 0;
}

static int directory_drop(void **state) {
        (void)state;
        store_freep(&store);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

static void store_must_open(void) {
        int r;

        store_freep(&store);
        r = store_open(directory_fd, &created, &store);
        if (r < 0)
                fail_msg("%s", store_error(store));
}

/* Opening fails, and the sentence has these words in it. */
static void store_must_refuse(int error, const char *words) {
        store_freep(&store);
        assert_int_equal(store_open(directory_fd, &created, &store), error);
        if (!strstr(store_error(store), words))
                fail_msg("\"%s\" is not in \"%s\"", words, store_error(store));
        store_freep(&store);
}

static int store_make(void **state) {
        if (directory_make(state) < 0)
                return -1;
        return store_open(directory_fd, &created, &store);
}

/* SQL from another connection, as an administrator's sqlite3(1) would run it. */
static void run_beside(const char *sql) {
        sqlite3 *db;

        assert_int_equal(sqlite3_open(STORE_FILE, &db), SQLITE_OK);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        sqlite3_close(db);
}

static void with_file_mode(mode_t mode) {
        assert_int_equal(fchmodat(directory_fd, STORE_FILE, mode, 0), 0);
}

static mode_t mode_of(const char *name) {
        struct stat status;

        assert_int_equal(fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
        return status.st_mode & 07777;
}

/* ---- users ---- */

static struct new_user someone(const char *name) {
        return (struct new_user){.name = text_of(name), .now = NOW};
}

static enum users_conflict add(const struct new_user *new_user, struct user **ret) {
        enum users_conflict conflict = 99;
        int r;

        r = committed(store, users_add(transaction, new_user, &conflict, ret));
        if (r < 0)
                fail_msg("%s", store_error(store));
        return conflict;
}

static uint64_t add_name(const char *name) {
        _cleanup_(user_freep) struct user *user = NULL;
        struct new_user new_user = someone(name);

        assert_int_equal(add(&new_user, &user), USERS_FINE);
        return user->id;
}

static uint64_t add_uid(const char *name, uint32_t uid) {
        _cleanup_(user_freep) struct user *user = NULL;
        struct new_user new_user = someone(name);

        new_user.has_uid = true;
        new_user.uid = uid;
        assert_int_equal(add(&new_user, &user), USERS_FINE);
        return user->id;
}

static bool is_there(const char *name) {
        _cleanup_(user_freep) struct user *user = NULL;
        int r = users_find_name(store, text_of(name), &user);

        assert_true(r == 0 || r == -ENOENT);
        return r == 0;
}

/* ---- opening ---- */

static void a_new_store_is_made_once(void **state) {
        (void)state;
        store_must_open();
        assert_true(created);
        assert_int_equal(mode_of(STORE_FILE), 0600);
        assert_int_equal(store_check(store), 0);
        store_must_open();
        assert_false(created);
        assert_int_equal(store_check(store), 0);
        assert_int_equal(mode_of(STORE_FILE), 0600);
}

static void files_beside_it_are_closed_to_others(void **state) {
        (void)state;
        umask(0);
        store_must_open();
        add_name("alice");
        assert_int_equal(mode_of(STORE_FILE "-wal"), 0600);
        assert_int_equal(mode_of(STORE_FILE "-shm"), 0600);
        umask(022);
}

static void an_empty_file_is_a_new_store(void **state) {
        int fd;

        (void)state;
        fd = openat(directory_fd, STORE_FILE, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
        store_must_open();
        assert_true(created);
}

static void a_store_open_to_others_is_refused(void **state) {
        static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0666};

        (void)state;
        store_must_open();
        for (size_t i = 0; i < ELEMENTS(modes); i++) {
                with_file_mode(modes[i]);
                store_must_refuse(-EPERM, "jeton.db is open to others");
        }
        with_file_mode(0600);
        store_must_open();
}

static void a_directory_that_others_write_is_refused(void **state) {
        (void)state;
        assert_int_equal(fchmod(directory_fd, 0770), 0);
        store_must_refuse(-EPERM, "directory may be written by others (mode 0770)");
        assert_int_equal(fchmod(directory_fd, 0703), 0);
        store_must_refuse(-EPERM, "directory may be written by others");
        assert_int_equal(fchmod(directory_fd, 0755), 0);
        store_must_open();
}

static void a_link_is_refused(void **state) {
        (void)state;
        store_must_open();
        store_freep(&store);
        assert_int_equal(renameat(directory_fd, STORE_FILE, directory_fd, "elsewhere"), 0);
        assert_int_equal(symlinkat("elsewhere", directory_fd, STORE_FILE), 0);
        store_must_refuse(-ELOOP, "jeton.db is a symbolic link");
        assert_int_equal(unlinkat(directory_fd, STORE_FILE, 0), 0);
        assert_int_equal(linkat(directory_fd, "elsewhere", directory_fd, STORE_FILE, 0), 0);
        store_must_refuse(-EPERM, "jeton.db has another name");
        assert_int_equal(unlinkat(directory_fd, STORE_FILE, 0), 0);
        assert_int_equal(symlinkat("nowhere", directory_fd, STORE_FILE), 0);
        store_must_refuse(-ELOOP, "jeton.db is a symbolic link");
        assert_int_equal(faccessat(directory_fd, "nowhere", F_OK, 0), -1);
}

static void what_is_no_file_is_refused(void **state) {
        (void)state;
        assert_int_equal(mkfifoat(directory_fd, STORE_FILE, 0600), 0);
        store_must_refuse(-EPERM, "jeton.db is no regular file");
}

static void version_set(size_t version) {
        char sql[64];

        snprintf(sql, sizeof sql, "PRAGMA user_version = %zu", version);
        run_beside(sql);
}

static void a_newer_schema_is_refused(void **state) {
        (void)state;
        store_must_open();
        add_name("alice");
        run_beside("PRAGMA user_version = 77");
        store_must_refuse(-EPROTONOSUPPORT, "jeton.db has schema version 77, of a newer jeton");
        version_set(migrations_count);
        store_must_open();
        assert_true(is_there("alice"));
}

static void the_database_of_another_program_is_refused(void **state) {
        (void)state;
        assert_int_equal(fchdir(directory_fd), 0);
        run_beside("CREATE TABLE notes (text)");
        with_file_mode(0600);
        store_must_refuse(-EBADMSG, "jeton.db is no database of jeton's");
}

static void overwrite(off_t from, size_t len) {
        _cleanup_(closep) int fd = openat(directory_fd, STORE_FILE, O_WRONLY | O_CLOEXEC);
        char garbage[4096];

        memset(garbage, 0xa5, sizeof garbage);
        assert_true(len <= sizeof garbage);
        assert_int_equal(pwrite(fd, garbage, len, from), len);
}

static void a_corrupt_file_is_refused(void **state) {
        (void)state;
        store_must_open();
        add_name("alice");
        store_freep(&store);
        overwrite(4096, 4096); /* the page behind the header's */
        store_must_refuse(-EBADMSG, "jeton.db");
        overwrite(0, 100);
        store_must_refuse(-EBADMSG, "jeton.db");
        assert_int_equal(truncate(STORE_FILE, 50), 0);
        store_must_refuse(-EBADMSG, "jeton.db");
}

/* ---- migrations ---- */

#define STEPS_MAX 64

/* Those of this program and one more. */
static const struct migration *one_more_step(const char *sql) {
        static struct migration steps[STEPS_MAX];

        assert_true(migrations_count < STEPS_MAX);
        memcpy(steps, migrations, migrations_count * sizeof *steps);
        steps[migrations_count].sql = sql;
        return steps;
}

static const char *copy_name(void) {
        static char name[64];

        snprintf(name, sizeof name, STORE_FILE ".before-%zu", migrations_count + 1);
        return name;
}

static int64_t version_now(void) {
        sqlite3_stmt *statement;
        int64_t version;

        assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        version = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return version;
}

static void a_migration_keeps_a_copy_of_what_was(void **state) {
        (void)state;
        umask(0);
        add_name("alice");
        for (int i = 0; i < 2; i++) { /* the second time over a copy that is there */
                assert_int_equal(migrate(store, directory_fd,
                                         one_more_step("ALTER TABLE users ADD COLUMN extra TEXT;"),
                                         migrations_count + 1, &created),
                                 0);
                assert_false(created);
                assert_int_equal(version_now(), migrations_count + 1);
                assert_int_equal(mode_of(copy_name()), 0600);
                run_beside("ALTER TABLE users DROP COLUMN extra");
                version_set(migrations_count);
        }
        umask(022);
        store_freep(&store);
        assert_int_equal(renameat(directory_fd, copy_name(), directory_fd, STORE_FILE), 0);
        store_must_open();
        assert_false(created);
        assert_true(is_there("alice"));
}

static void a_new_store_needs_no_copy(void **state) {
        (void)state;
        assert_int_equal(faccessat(directory_fd, STORE_FILE ".before-1", F_OK, 0), -1);
}

static void a_failed_migration_changes_nothing(void **state) {
        (void)state;
        add_name("alice");
        assert_true(migrate(store, directory_fd,
                            one_more_step("DELETE FROM users; ALTER TABLE nothing ADD COLUMN x;"),
                            migrations_count + 1, &created) < 0);
        assert_non_null(strstr(store_error(store), "migrating its schema"));
        assert_int_equal(version_now(), migrations_count);
        assert_true(is_there("alice"));
}

/* Each step over rows of the version before it: nothing is lost on the way up. */
static void a_database_of_the_first_version_opens(void **state) {
        (void)state;
        store_freep(&store);
        assert_int_equal(unlinkat(directory_fd, STORE_FILE, 0), 0);
        unlinkat(directory_fd, STORE_FILE "-wal", 0);
        unlinkat(directory_fd, STORE_FILE "-shm", 0);
        assert_int_equal(fchdir(directory_fd), 0);
        run_beside(migrations[0].sql);
        run_beside("INSERT INTO users (name, created_at) VALUES ('alice', 7)");
        run_beside("PRAGMA user_version = 1");
        with_file_mode(0600);
        store_must_open();
        assert_false(created);
        assert_true(is_there("alice"));
        assert_int_equal(faccessat(directory_fd, STORE_FILE ".before-2", F_OK, 0), 0);
}

/* ---- adding and finding ---- */

static void a_user_is_found_as_he_was_added(void **state) {
        _cleanup_(user_freep) struct user *added = NULL, *found = NULL;
        const struct new_user alice = {
                .name = TEXT("alice"),
                .full_name = TEXT("Al\xc3\xadz \"'; DROP TABLE users; --"),
                .email = TEXT("alice@example.org"),
                .roles = TEXT("editor  admin editor web:x"),
                .hash = TEXT("$y$j9T$salt$digest"),
                .has_uid = true,
                .uid = 4000000000,
                .now = NOW,
        };

        (void)state;
        assert_int_equal(add(&alice, &added), USERS_FINE);
        assert_int_equal(users_find_id(store, added->id, &found), 0);
        assert_int_equal(found->id, 1);
        assert_string_equal(found->name, "alice");
        assert_string_equal(found->full_name, alice.full_name.p);
        assert_string_equal(found->email, "alice@example.org");
        assert_string_equal(found->roles, "admin editor web:x");
        assert_string_equal(found->hash->bytes, "$y$j9T$salt$digest");
        assert_false(found->disabled);
        assert_true(found->has_uid);
        assert_int_equal(found->uid, 4000000000);
        assert_int_equal(found->created_at, NOW);
        assert_int_equal(found->password_changed_at, NOW);
        assert_string_equal(added->roles, found->roles);
}

static void a_user_is_added_as_he_was_elsewhere(void **state) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct new_user alice = {
                .name = TEXT("alice"),
                .hash = TEXT("$y$j9T$salt$digest"),
                .disabled = true,
                .must_change = true,
                .created_at = NOW - 100,
                .password_changed_at = NOW - 50,
                .now = NOW,
        };

        (void)state;
        assert_int_equal(add(&alice, &user), USERS_FINE);
        assert_true(user->disabled);
        assert_true(user->must_change);
        assert_int_equal(user->created_at, NOW - 100);
        assert_int_equal(user->password_changed_at, NOW - 50);
}

static void a_user_may_have_next_to_nothing(void **state) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct new_user bare = someone("bare");

        (void)state;
        assert_int_equal(add(&bare, &user), USERS_FINE);
        assert_string_equal(user->full_name, "");
        assert_string_equal(user->email, "");
        assert_string_equal(user->roles, "");
        assert_null(user->hash);
        assert_false(user->has_uid);
        assert_int_equal(user->password_changed_at, 0);
}

static void a_user_is_found_by_id_name_and_uid(void **state) {
        static const struct {
                struct text key;
                int expected;
        } rows[] = {
                {TEXT("alice"), 0},
                {TEXT("1"), 0},
                {TEXT("2"), -ENOENT},
                {TEXT("01"), -ENOENT},
                {TEXT("0"), -ENOENT},
                {TEXT("-1"), -ENOENT},
                {TEXT("Alice"), -ENOENT},
                {TEXT(""), -ENOENT},
                {TEXT("alice\0"), -ENOENT},
                {TEXT("alic_"), -ENOENT},
                {TEXT("1 "), -ENOENT},
                {TEXT("1e0"), -ENOENT},
                {TEXT("9223372036854775807"), -ENOENT},
                {TEXT("18446744073709551617"), -ENOENT},
        };
        struct user *user = NULL;

        (void)state;
        add_uid("alice", 1000);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                assert_int_equal(users_find(store, rows[i].key, &user), rows[i].expected);
                user_freep(&user);
        }
        assert_int_equal(users_find_uid(store, 1000, &user), 0);
        user_freep(&user);
        assert_int_equal(users_find_uid(store, 1001, &user), -ENOENT);
        assert_int_equal(users_find_id(store, UINT64_MAX, &user), -ENOENT);
        assert_null(user);
}

static void names_and_uids_conflict(void **state) {
        struct user *user = NULL;
        struct new_user again = someone("alice"), other = someone("bob");

        (void)state;
        add_uid("alice", 1000);
        assert_int_equal(add(&again, &user), USERS_NAME_TAKEN);
        other.has_uid = true;
        other.uid = 1000;
        assert_int_equal(add(&other, &user), USERS_UID_TAKEN);
        assert_null(user);
        assert_false(is_there("bob"));
        assert_int_equal(add_name("carol"), 2); /* a conflict takes no id */
}

static void the_schema_refuses_what_no_grammar_lets_in(void **state) {
        static const char *const names[] = {
                "",     "me",  "Alice", "9a",       "a:b",
                "a\nb", "a b", "a/b",   "\xc3\xa4", "abcdefghijabcdefghijabcdefghijabc"};
        static const char *const roles[] = {"good Bad", "good a:b,", "good _x"};
        enum users_conflict conflict;
        struct user *user = NULL;
        struct new_user bob;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                bob = someone(names[i]);
                assert_int_equal(committed(store, users_add(transaction, &bob, &conflict, &user)),
                                 -EINVAL);
        }
        for (size_t i = 0; i < ELEMENTS(roles); i++) {
                bob = someone("bob");
                bob.roles = text_of(roles[i]);
                assert_int_equal(committed(store, users_add(transaction, &bob, &conflict, &user)),
                                 -EINVAL);
                assert_false(is_there("bob"));
        }
        bob = someone("bob");
        bob.has_uid = true; /* root's */
        assert_int_equal(committed(store, users_add(transaction, &bob, &conflict, &user)), -EINVAL);
        bob.uid = UINT32_MAX; /* nobody's: (uid_t)-1 */
        assert_int_equal(committed(store, users_add(transaction, &bob, &conflict, &user)), -EINVAL);
        assert_null(user);
        add_name("bob");
}

static void an_id_is_never_given_twice(void **state) {
        (void)state;
        add_name("alice");
        assert_int_equal(add_name("bob"), 2);
        run_beside("DELETE FROM users WHERE name = 'bob'");
        store_must_open();
        assert_int_equal(add_name("bob"), 3);
        run_beside("DELETE FROM users");
        store_must_open();
        assert_int_equal(add_name("carol"), 4);
}

/* ---- linking, hashes ---- */

static int link_user(uint64_t id, bool has_uid, uint32_t uid, enum users_conflict *ret_conflict) {
        const struct user_change change = {.members = USER_UID, .has_uid = has_uid, .uid = uid};
        _cleanup_(user_freep) struct user *user = NULL;

        return committed(store, users_change(transaction, id, &change, ret_conflict, &user));
}

static void linking_and_unlinking(void **state) {
        _cleanup_(user_freep) struct user *user = NULL;
        enum users_conflict conflict = 99;
        uint64_t alice, bob;

        (void)state;
        alice = add_name("alice");
        bob = add_uid("bob", 1001);
        assert_int_equal(link_user(alice, true, 1001, &conflict), 0);
        assert_int_equal(conflict, USERS_UID_TAKEN);
        assert_int_equal(link_user(bob, true, 1001, &conflict), 0); /* his already */
        assert_int_equal(conflict, USERS_FINE);
        assert_int_equal(link_user(bob, false, 0, &conflict), 0);
        assert_int_equal(conflict, USERS_FINE);
        assert_int_equal(link_user(alice, true, 1001, &conflict), 0);
        assert_int_equal(conflict, USERS_FINE);
        assert_int_equal(users_find_uid(store, 1001, &user), 0);
        assert_string_equal(user->name, "alice");
        assert_int_equal(link_user(77, true, 1002, &conflict), -ENOENT);
        assert_int_equal(link_user(77, false, 0, &conflict), -ENOENT);
        assert_int_equal(link_user(UINT64_MAX, false, 0, &conflict), -ENOENT);
        assert_int_equal(link_user(bob, true, 0, &conflict), -EINVAL);
}

static struct user *changed(uint64_t id, struct user_change change) {
        enum users_conflict conflict = USERS_FINE;
        struct user *user = NULL;

        change.now = NOW + 9;
        assert_int_equal(committed(store, users_change(transaction, id, &change, &conflict, &user)),
                         0);
        assert_int_equal(conflict, USERS_FINE);
        return user;
}

static void a_change_touches_what_it_names_and_nothing_else(void **state) {
        static const struct user_change everything = {
                .full_name = TEXT("Full Name"),
                .email = TEXT("a@b"),
                .roles = TEXT("b a b"),
                .disabled = true,
                .expires_at = 77,
                .has_uid = true,
                .uid = 1000,
                .hash = TEXT("$y$x"),
                .must_change = true,
        };
        unsigned bit;

        (void)state;
        for (bit = 1; bit <= USER_MUST_CHANGE; bit <<= 1) {
                char name[] = {'u', (char)('a' + __builtin_ctz(bit)), '\0'};
                struct user_change change = everything;
                _cleanup_(user_freep) struct user *user = NULL;

                change.members = bit;
                user = changed(add_name(name), change);
                assert_int_equal(user->full_name[0] != '\0', bit == USER_FULL_NAME);
                assert_int_equal(user->email[0] != '\0', bit == USER_EMAIL);
                assert_string_equal(user->roles, bit == USER_ROLES ? "a b" : "");
                assert_int_equal(user->disabled, bit == USER_DISABLED);
                assert_int_equal(user->expires_at, bit == USER_EXPIRY ? 77 : 0);
                assert_int_equal(user->has_uid, bit == USER_UID);
                assert_int_equal(text_is(secret_text(user->hash), TEXT("$y$x")),
                                 bit == USER_PASSWORD);
                assert_int_equal(user->password_changed_at == NOW + 9, bit == USER_PASSWORD);
                assert_int_equal(user->must_change, bit == USER_MUST_CHANGE);
        }
}

static void a_new_password_need_not_be_changed_unless_that_is_said_too(void **state) {
        struct user_change change = {.members = USER_MUST_CHANGE, .must_change = true};
        struct user *user;
        uint64_t alice;

        (void)state;
        alice = add_name("alice");
        user_free(changed(alice, change));
        change = (struct user_change){.members = USER_PASSWORD, .hash = TEXT("$y$one")};
        user = changed(alice, change);
        assert_false(user->must_change);
        assert_false(user_must_change(user, 0, INT64_MAX));
        assert_false(user_must_change(user, 10, user->password_changed_at + 9));
        assert_true(user_must_change(user, 10, user->password_changed_at + 10));
        user_free(user);
        change.members |= USER_MUST_CHANGE;
        change.must_change = true;
        user = changed(alice, change);
        assert_true(user->must_change && user_must_change(user, 0, 0));
        user_free(user);
}

static void a_proven_hash_must_still_stand(void **state) {
        struct user_change change = {.members = USER_PASSWORD, .hash = TEXT("$y$one")};
        enum users_conflict conflict = USERS_FINE;
        struct user *nobody = NULL;
        uint64_t alice;

        (void)state;
        alice = add_name("alice");
        user_free(changed(alice, change));
        change.hash = TEXT("$y$two");
        change.proven_hash = TEXT("$y$other");
        assert_int_equal(
                committed(store, users_change(transaction, alice, &change, &conflict, &nobody)),
                -ENOENT);
        change.proven_hash = TEXT("$y$one");
        user_free(changed(alice, change));
        assert_null(nobody);
}

static void who_is_removed_leaves_no_role_and_no_link(void **state) {
        uint64_t alice, bob;

        (void)state;
        alice = add_uid("alice", 1001);
        user_free(changed(alice, (struct user_change){.members = USER_ROLES, .roles = TEXT("a")}));
        assert_int_equal(committed(store, users_remove(transaction, alice)), 0);
        assert_int_equal(committed(store, users_remove(transaction, alice)), -ENOENT);
        assert_int_equal(committed(store, users_remove(transaction, UINT64_MAX)), -ENOENT);
        assert_false(is_there("alice"));
        bob = add_uid("bob", 1001);
        assert_true(bob > alice);
        run_beside("CREATE TABLE left_over AS SELECT 1 / (count(*) = 0) AS none FROM user_roles; "
                   "DROP TABLE left_over");
}

static void an_end_is_reached_in_its_second(void **state) {
        struct user user = {.expires_at = 100};

        (void)state;
        assert_true(user_is_active(&user, 99));
        assert_false(user_is_active(&user, 100));
        user.expires_at = 0;
        assert_true(user_is_active(&user, INT64_MAX));
        user.disabled = true;
        assert_false(user_is_active(&user, 0));
}

static void a_hash_is_replaced_only_where_the_old_one_stands(void **state) {
        _cleanup_(user_freep) struct user *user = NULL, *added = NULL;
        struct new_user alice = someone("alice");

        (void)state;
        alice.hash = TEXT("old");
        assert_int_equal(add(&alice, &added), USERS_FINE);
        assert_int_equal(
                committed(store, users_set_hash(transaction, 1, TEXT("other"), TEXT("new"))),
                -ESTALE);
        assert_int_equal(committed(store, users_set_hash(transaction, 2, TEXT("old"), TEXT("new"))),
                         -ESTALE);
        assert_int_equal(committed(store, users_set_hash(transaction, 1, TEXT_NONE, TEXT("new"))),
                         -ESTALE);
        assert_int_equal(committed(store, users_set_hash(transaction, 1, TEXT("old"), TEXT("new"))),
                         0);
        assert_int_equal(
                committed(store, users_set_hash(transaction, 1, TEXT("old"), TEXT("newer"))),
                -ESTALE);
        assert_int_equal(users_find_id(store, 1, &user), 0);
        assert_string_equal(user->hash->bytes, "new");
        assert_int_equal(user->password_changed_at, NOW);
}

static void a_user_without_password_gets_none_this_way(void **state) {
        (void)state;
        add_name("bare");
        assert_int_equal(committed(store, users_set_hash(transaction, 1, TEXT_NONE, TEXT("new"))),
                         -ESTALE);
}

/* ---- lists ---- */

struct listed {
        char names[256]; /* with a space behind each */
        size_t count, stop_after;
};

static int listed_add(void *context, const struct user *user) {
        struct listed *listed = context;
        size_t len = strlen(listed->names);

        snprintf(listed->names + len, sizeof listed->names - len, "%s ", user->name);
        listed->count++;
        return listed->count == listed->stop_after ? -ECANCELED : 0;
}

static void check_list(uint32_t skip, uint32_t limit, struct text q, const char *names,
                       uint64_t total) {
        struct listed listed = {.count = 0};
        uint64_t got = 0;

        assert_int_equal(users_list(store, skip, limit, q, listed_add, &listed, &got), 0);
        assert_string_equal(listed.names, names);
        assert_int_equal(got, total);
}

static void add_described(const char *name, const char *full_name, const char *email) {
        _cleanup_(user_freep) struct user *user = NULL;
        struct new_user new_user = someone(name);

        new_user.full_name = text_of(full_name);
        new_user.email = text_of(email);
        assert_int_equal(add(&new_user, &user), USERS_FINE);
}

static void a_list_comes_in_pages(void **state) {
        (void)state;
        add_name("dora");
        add_name("carol");
        add_name("bob");
        add_name("alice");
        check_list(0, 100, TEXT_NONE, "dora carol bob alice ", 4);
        check_list(0, 2, TEXT_NONE, "dora carol ", 4);
        check_list(2, 2, TEXT_NONE, "bob alice ", 4);
        check_list(3, UINT32_MAX, TEXT_NONE, "alice ", 4);
        check_list(4, 2, TEXT_NONE, "", 4);
        check_list(UINT32_MAX, 2, TEXT_NONE, "", 4);
        check_list(0, 0, TEXT_NONE, "", 4);
        check_list(1, 1, TEXT("o"), "carol ", 3);
}

static void a_search_takes_every_character_as_itself(void **state) {
        (void)state;
        add_described("alice", "Alice 100% \xc3\x84", "a_b@example.org");
        add_described("bob", "Back\\slash", "bob@EXAMPLE.org");
        add_described("carol", "O'Hara [x]*?", "");
        check_list(0, 9, TEXT("ALI"), "alice ", 1);
        check_list(0, 9, TEXT("example.ORG"), "alice bob ", 2);
        check_list(0, 9, TEXT("%"), "alice ", 1);
        check_list(0, 9, TEXT("_"), "alice ", 1);
        check_list(0, 9, TEXT("a_b"), "alice ", 1);
        check_list(0, 9, TEXT("\\"), "bob ", 1);
        check_list(0, 9, TEXT("*"), "carol ", 1);
        check_list(0, 9, TEXT("[x]"), "carol ", 1);
        check_list(0, 9, TEXT("'"), "carol ", 1);
        check_list(0, 9, TEXT("' OR 1=1 --"), "", 0);
        check_list(0, 9, TEXT("\xc3\x84"), "alice ", 1);
        check_list(0, 9, TEXT("\xc3\xa4"), "", 0); /* ASCII letters only */
        check_list(0, 9, TEXT("alice\0x"), "", 0);
        check_list(0, 9, TEXT("\xff"), "", 0);
}

static void a_list_ends_when_it_is_told_to(void **state) {
        struct listed listed = {.stop_after = 1};
        uint64_t total = 77;

        (void)state;
        add_name("alice");
        add_name("bob");
        assert_int_equal(users_list(store, 0, 9, TEXT_NONE, listed_add, &listed, &total),
                         -ECANCELED);
        assert_string_equal(listed.names, "alice ");
        assert_int_equal(total, 77);
        add_name("carol"); /* nothing is left open */
}

static void linked_uids_come_in_order(void **state) {
        uint32_t uids[3] = {0};
        size_t count = 77;

        (void)state;
        assert_int_equal(users_linked_uids(store, uids, 3, &count), 0);
        assert_int_equal(count, 0);
        add_uid("alice", 4000000000);
        add_name("bob");
        add_uid("carol", 1000);
        add_uid("dora", 70000);
        assert_int_equal(users_linked_uids(store, uids, 3, &count), 0);
        assert_int_equal(count, 3);
        assert_int_equal(uids[0], 1000);
        assert_int_equal(uids[1], 70000);
        assert_int_equal(uids[2], 4000000000);
        count = 77;
        assert_int_equal(users_linked_uids(store, uids, 2, &count), -E2BIG);
        assert_int_equal(count, 77);
}

/* Verifiers could not be told of one more, so it is refused before anything is committed. */
static void more_links_than_the_status_page_holds_are_refused(void **state) {
        struct user *user = NULL;
        enum users_conflict conflict;

        (void)state;
        add_name("alice");
        run_beside(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 65536) "
                "INSERT INTO users (name, full_name, email, uid, created_at, "
                "password_changed_at) SELECT 'u' || i, '', '', 100000 + i, 1, 0 FROM n");
        assert_int_equal(link_user(1, true, 4000, &conflict), -E2BIG);
        assert_int_equal(users_find_name(store, TEXT("alice"), &user), 0);
        assert_false(user->has_uid);
        user_free(user);
        assert_int_equal(link_user(2, true, 4000, &conflict), 0);
}

/* ---- what is done stays done ---- */

/* In front of the C library's, for SQLite too. */
static unsigned syncs;
static bool syncs_fail;

static int sync_by(long call, int fd) {
        syncs++;
        if (!syncs_fail)
                return (int)syscall(call, fd);
        errno = EIO;
        return -1;
}

int fsync(int fd) {
        return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd) {
        return sync_by(SYS_fdatasync, fd);
}

static void a_change_is_synced_before_it_returns(void **state) {
        enum users_conflict conflict;

        (void)state;
        syncs = 0;
        add_name("alice");
        assert_true(syncs >= 1);
        syncs = 0;
        assert_int_equal(link_user(1, true, 1000, &conflict), 0);
        assert_true(syncs >= 1);
        syncs = 0;
        assert_true(is_there("alice")); /* a read waits for no disk */
        assert_int_equal(syncs, 0);
}

/* Adds a user, says so, and waits to be killed. */
static void child_add(int say) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct new_user alice = someone("alice");
        enum users_conflict conflict;

        if (store_open(directory_fd, &created, &store) < 0 ||
            committed(store, users_add(transaction, &alice, &conflict, &user)) < 0 ||
            write(say, "x", 1) != 1)
                _exit(1);
        for (;;)
                pause();
}

static void a_user_outlives_the_process_that_added_him(void **state) {
        int pipe_fds[2], status;
        char said;
        pid_t child;

        (void)state;
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
                child_add(pipe_fds[1]);
        close(pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &said, 1), 1);
        close(pipe_fds[0]);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        store_must_open();
        assert_false(created);
        assert_true(is_there("alice"));
}

/* Adds a user, fails to add another, and ends as if it was killed. */
static void child_fail_to_add(void) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct new_user bob = someone("bob");
        enum users_conflict conflict;

        if (store_open(directory_fd, &created, &store) < 0)
                _exit(1);
        add_name("alice");
        syncs_fail = true;
        _exit(committed(store, users_add(transaction, &bob, &conflict, &user)) == -EIO &&
                              strstr(store_error(store), "committing a change")
                      ? 0
                      : 2);
}

static void what_could_not_be_synced_does_not_come_back(void **state) {
        int status;
        pid_t child = fork();

        (void)state;
        assert_true(child >= 0);
        if (child == 0)
                child_fail_to_add();
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        store_must_open();
        assert_true(is_there("alice"));
        assert_false(is_there("bob"));
}

/* ---- the disk and others get in the way ---- */

static void check_add_fails(int error) {
        const struct new_user bob = someone("bob");
        enum users_conflict conflict;
        _cleanup_(user_freep) struct user *user = NULL;

        assert_int_equal(committed(store, users_add(transaction, &bob, &conflict, &user)), error);
        assert_string_not_equal(store_error(store), "no error");
        assert_false(is_there("bob"));
}

static void a_full_database_changes_nothing(void **state) {
        enum users_conflict conflict;
        struct user *user = NULL;
        char name[USER_NAME_MAX + 1], long_name[FULL_NAME_MAX + 1];
        struct new_user new_user = someone("");
        int r = 0;

        (void)state;
        memset(long_name, 'x', FULL_NAME_MAX);
        new_user.full_name = (struct text){long_name, FULL_NAME_MAX};
        assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 8", NULL, NULL, NULL), 0);
        for (int i = 0; i < 200 && r == 0; i++) {
                snprintf(name, sizeof name, "user%d", i);
                new_user.name = text_of(name);
                r = committed(store, users_add(transaction, &new_user, &conflict, &user));
                user_freep(&user);
        }
        assert_int_equal(r, -ENOSPC);
        assert_false(is_there(name));
        assert_true(is_there("user0"));
        assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 1000", NULL, NULL, NULL),
                         0);
        add_name("bob");
}

static sqlite3_syscall_ptr real_of(const char *name) {
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

        return vfs->xGetSystemCall(vfs, name);
}

static void replace(const char *name, sqlite3_syscall_ptr with) {
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

        assert_int_equal(vfs->xSetSystemCall(vfs, name, with), SQLITE_OK);
}

static int write_errno;

static ssize_t failing_write(int fd, const void *bytes, size_t len, off64_t at) {
        (void)fd;
        (void)bytes;
        (void)len;
        (void)at;
        errno = write_errno;
        return -1;
}

static void a_failing_disk_is_told_apart(void **state) {
        static const struct { int disk, expected; } rows[] = {{ENOSPC, -ENOSPC}, {EIO, -EIO}};
        const sqlite3_syscall_ptr real = real_of("pwrite64");

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                write_errno = rows[i].disk;
                replace("pwrite64", (sqlite3_syscall_ptr)failing_write);
                check_add_fails(rows[i].expected);
                replace("pwrite64", real);
        }
        add_name("bob");
}

/* What a file system that was remounted read-only does. */
static void a_read_only_database_changes_nothing(void **state) {
        (void)state;
        assert_int_equal(sqlite3_exec(store->db, "PRAGMA query_only = 1", NULL, NULL, NULL), 0);
        check_add_fails(-EROFS);
        assert_int_equal(sqlite3_exec(store->db, "PRAGMA query_only = 0", NULL, NULL, NULL), 0);
        add_name("bob");
}

static void a_locked_database_is_busy_and_readable(void **state) {
        sqlite3 *other;

        (void)state;
        add_name("alice");
        assert_int_equal(sqlite3_open(STORE_FILE, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        check_add_fails(-EBUSY);
        assert_true(is_there("alice"));
        assert_int_equal(store_check(store), 0);
        sqlite3_close(other);
        add_name("bob");
}

static void a_database_that_was_taken_away_takes_nothing_more(void **state) {
        (void)state;
        assert_int_equal(renameat(directory_fd, STORE_FILE, directory_fd, "elsewhere"), 0);
        check_add_fails(-EIO);
        assert_non_null(strstr(store_error(store), "moved or removed"));
        assert_int_equal(renameat(directory_fd, "elsewhere", directory_fd, STORE_FILE), 0);
        add_name("bob");
}

static int no_open(const char *path, int flags, int mode) {
        (void)path;
        (void)flags;
        (void)mode;
        fail_msg("SQLite opens %s, which a confined process cannot", path);
        return -1;
}

/* After store_open() the authority gives up opening files. Long enough for several checkpoints. */
static void an_open_store_needs_no_other_file(void **state) {
        const sqlite3_syscall_ptr real = real_of("open");
        char name[USER_NAME_MAX + 1];

        (void)state;
        add_name("before");
        store_must_open(); /* as at every later start: the log is new */
        replace("open", (sqlite3_syscall_ptr)no_open);
        for (int i = 0; i < 600; i++) {
                snprintf(name, sizeof name, "user%d", i);
                add_name(name);
        }
        check_list(599, 9, TEXT("user"), "user599 ", 600);
        replace("open", real);
}

#define with_directory(test) cmocka_unit_test_setup_teardown(test, directory_make, directory_drop)
#define with_store(test)     cmocka_unit_test_setup_teardown(test, store_make, directory_drop)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_directory(a_new_store_is_made_once),
                with_directory(files_beside_it_are_closed_to_others),
                with_directory(an_empty_file_is_a_new_store),
                with_directory(a_store_open_to_others_is_refused),
                with_directory(a_directory_that_others_write_is_refused),
                with_directory(a_link_is_refused),
                with_directory(what_is_no_file_is_refused),
                with_directory(a_newer_schema_is_refused),
                with_directory(the_database_of_another_program_is_refused),
                with_directory(a_corrupt_file_is_refused),
                with_store(a_migration_keeps_a_copy_of_what_was),
                with_store(a_new_store_needs_no_copy),
                with_store(a_failed_migration_changes_nothing),
                with_store(a_database_of_the_first_version_opens),
                with_store(a_user_is_found_as_he_was_added),
                with_store(a_user_is_added_as_he_was_elsewhere),
                with_store(a_user_may_have_next_to_nothing),
                with_store(a_user_is_found_by_id_name_and_uid),
                with_store(names_and_uids_conflict),
                with_store(the_schema_refuses_what_no_grammar_lets_in),
                with_store(an_id_is_never_given_twice),
                with_store(linking_and_unlinking),
                with_store(a_change_touches_what_it_names_and_nothing_else),
                with_store(a_new_password_need_not_be_changed_unless_that_is_said_too),
                with_store(a_proven_hash_must_still_stand),
                with_store(who_is_removed_leaves_no_role_and_no_link),
                cmocka_unit_test(an_end_is_reached_in_its_second),
                with_store(a_hash_is_replaced_only_where_the_old_one_stands),
                with_store(a_user_without_password_gets_none_this_way),
                with_store(a_list_comes_in_pages),
                with_store(a_search_takes_every_character_as_itself),
                with_store(a_list_ends_when_it_is_told_to),
                with_store(linked_uids_come_in_order),
                with_store(more_links_than_the_status_page_holds_are_refused),
                with_store(a_change_is_synced_before_it_returns),
                with_directory(a_user_outlives_the_process_that_added_him),
                with_directory(what_could_not_be_synced_does_not_come_back),
                with_store(a_full_database_changes_nothing),
                with_store(a_failing_disk_is_told_apart),
                with_store(a_read_only_database_changes_nothing),
                with_store(a_locked_database_is_busy_and_readable),
                with_store(a_database_that_was_taken_away_takes_nothing_more),
                with_store(an_open_store_needs_no_other_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
