/* Copies of the database: of one moment, looked at as a whole, and what is done to one that comes
 * back.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/migrate.c daemon/authority/store/user_row.c
 *        daemon/authority/store/transaction.c daemon/authority/store/users.c
 *        daemon/authority/store/users_list.c daemon/authority/store/copy.c
 *        daemon/authority/store/settle.c daemon/authority/store/revocations.c
 *        daemon/authority/store/endings.c daemon/authority/store/sessions.c
 * needs: sqlite3 libcrypto */
#include "../../daemon/authority/store/copy.h"
#include "../../daemon/authority/store/database.h"
#include "../../daemon/authority/store/migrate.h"
#include "../../daemon/authority/store/sessions.h"
#include "../../daemon/authority/store/settle.h"
#include "../../daemon/authority/store/users.h"

#include "../../common/cleanup.h"
#include "committed.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NOW 1700000000

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1, output = -1;
static struct store *store, *beside;
static bool created;

static int begin(void **state) {
        (void)state;
        directory_fd = own_folder_make(directory);
        output = memfd_create("copy", MFD_CLOEXEC);
        return directory_fd < 0 || output < 0 || store_open(directory_fd, &created, &store) < 0;
}

static int end(void **state) {
        (void)state;
        store_freep(&beside);
        store_freep(&store);
        closep(&directory_fd);
        closep(&output);
        return own_folder_remove(directory);
}

static uint64_t add(const char *name) {
        struct new_user new_user = {.name = text_of(name), .now = NOW};
        _cleanup_(user_freep) struct user *user = NULL;
        enum users_conflict conflict = USERS_FINE;
        struct transaction *transaction;

        assert_int_equal(transaction_begin(store, &transaction), 0);
        assert_int_equal(users_add(transaction, &new_user, &conflict, &user), 0);
        assert_int_equal(transaction_commit(transaction), 0);
        assert_int_equal(conflict, USERS_FINE);
        return user->id;
}

/* What `output` holds. */
static void *image(size_t *ret_len) {
        struct stat st;
        void *bytes;

        assert_int_equal(fstat(output, &st), 0);
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, output, 0);
        assert_ptr_not_equal(bytes, MAP_FAILED);
        *ret_len = (size_t)st.st_size;
        return bytes;
}

static int examine(struct store_facts *ret) {
        struct store *copy = NULL;
        size_t len;
        void *bytes = image(&len);
        int r;

        r = store_open_image(bytes, len, &copy);
        if (r == 0)
                r = store_examine(copy, ret);
        store_free(copy);
        munmap(bytes, len);
        return r;
}

static void copy_must_be_made(void) {
        assert_int_equal(store_open_beside(directory_fd, &beside), 0);
        assert_int_equal(store_copy_out(beside, directory_fd, output), 0);
        store_freep(&beside);
}

static bool is_there(const char *name) {
        return faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- copies ---- */

static void copy_has_all_that_is_committed_and_leaves_no_file(void **state) {
        struct store_facts facts;

        (void)state;
        add("alice");
        add("bob");
        copy_must_be_made();
        assert_int_equal(examine(&facts), 0);
        assert_int_equal(facts.users, 2);
        assert_int_equal(facts.schema, migrations_count);
        assert_false(is_there("jeton.db.copy"));
}

static void copy_has_nothing_of_what_is_being_written(void **state) {
        struct transaction *transaction;
        struct store_facts facts;

        (void)state;
        add("alice");
        assert_int_equal(transaction_begin(store, &transaction), 0);
        assert_int_equal(store_execute(store, "DELETE FROM users", "testing"), 0);
        copy_must_be_made();
        transaction_endp(&transaction);
        assert_int_equal(examine(&facts), 0);
        assert_int_equal(facts.users, 1);
}

static void copy_that_was_broken_off_gives_way(void **state) {
        struct store_facts facts;
        int fd = openat(directory_fd, "jeton.db.copy", O_WRONLY | O_CREAT, 0644);

        (void)state;
        assert_int_equal(write(fd, "half", 4), 4);
        close(fd);
        copy_must_be_made();
        assert_int_equal(examine(&facts), 0);
}

static void second_copy_at_a_time_is_refused(void **state) {
        _cleanup_(closep) int other = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void)state;
        assert_int_equal(flock(other, LOCK_EX), 0);
        assert_int_equal(store_open_beside(directory_fd, &beside), 0);
        assert_int_equal(store_copy_out(beside, directory_fd, output), -EBUSY);
        assert_non_null(strstr(store_error(beside), "another copy"));
        assert_int_equal(lseek(output, 0, SEEK_END), 0);
}

static void full_output_is_an_error(void **state) {
        _cleanup_(closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

        (void)state;
        assert_int_equal(store_open_beside(directory_fd, &beside), 0);
        assert_int_equal(store_copy_out(beside, directory_fd, full), -ENOSPC);
        assert_non_null(strstr(store_error(beside), "No space left"));
        assert_false(is_there("jeton.db.copy"));
}

static void nothing_is_made_where_there_is_no_database(void **state) {
        char empty[] = "/tmp/jeton-test-copy-XXXXXX";
        _cleanup_(closep) int dir = -1;

        (void)state;
        assert_non_null(mkdtemp(empty));
        dir = open(empty, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(store_open_beside(dir, &beside), -ENOENT);
        assert_int_equal(rmdir(empty), 0);
}

/* What any SQLite makes of no tables: whole, and nobody's. */
static void database_without_anything_is_refused(void **state) {
        static const char sql[] = "CREATE TABLE one (a); DROP TABLE one";
        struct store_facts facts;
        sqlite3_int64 len = 0;
        unsigned char *bytes;
        sqlite3 *other;

        (void)state;
        assert_int_equal(sqlite3_open(":memory:", &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
        bytes = sqlite3_serialize(other, "main", &len, 0);
        assert_non_null(bytes);
        assert_int_equal(pwrite(output, bytes, (size_t)len, 0), len);
        sqlite3_free(bytes);
        sqlite3_close(other);
        assert_int_equal(examine(&facts), -EBADMSG);
}

/* ---- an older schema ---- */

/* As a jeton of before would have left it. */
static void schema_must_be_older(int64_t version) {
        static const char sql[] = "INSERT INTO users (name, created_at) VALUES ('old', 1)";

        store_freep(&store);
        assert_int_equal(unlinkat(directory_fd, "jeton.db", 0), 0);
        unlinkat(directory_fd, "jeton.db-wal", 0);
        unlinkat(directory_fd, "jeton.db-shm", 0);
        close(openat(directory_fd, "jeton.db", O_WRONLY | O_CREAT, 0600));
        store = calloc(1, sizeof *store);
        assert_non_null(store);
        assert_int_equal(sqlite3_open("jeton.db", &store->db), SQLITE_OK);
        assert_int_equal(migrate(store, directory_fd, migrations, (size_t)version, &created), 0);
        assert_int_equal(store_execute(store, sql, "testing"), 0);
        store_freep(&store);
}

static void older_database_is_copied_and_not_read(void **state) {
        struct store_facts facts;

        (void)state;
        schema_must_be_older(3);
        copy_must_be_made();
        assert_int_equal(examine(&facts), 0);
        assert_int_equal(facts.schema, 3);
        assert_int_equal(facts.users, 1);
        assert_int_equal(store_open_beside(directory_fd, &beside), 0);
        assert_int_equal(store_make_ready(beside), -EPROTONOSUPPORT);
        assert_non_null(strstr(store_error(beside), "of an older jeton"));
}

static void older_database_that_comes_back_is_brought_up_to_date(void **state) {
        (void)state;
        schema_must_be_older(3);
        assert_int_equal(store_open(directory_fd, &created, &store), 0);
        assert_int_equal(store_settle(store, false, 0, NOW, NOW + 1), 0);
        assert_true(is_there("jeton.db.before-4"));
        assert_true(add("new") > SETTLE_IDS_SKIPPED);
}

/* ---- coming back ---- */

static int entry_keep(void *context, const struct page_revocation *entry) {
        *(struct page_revocation *)context = *entry;
        return 0;
}

static int64_t count(const char *sql) {
        sqlite3_stmt *statement = NULL;
        int64_t number;

        assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return number;
}

static void rows_must_be_there(void) {
        static const char rows[] =
                "INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time, "
                "used_at, expires_at, family_key, current_hash) VALUES ('0123456789012345678901', "
                "(SELECT id FROM users), 'local', 'a', '', 'pwd', 1, 1, 9999999999, zeroblob(32), "
                "zeroblob(32));"
                "INSERT INTO logins (sid, user_id, uid, boot, pid, process, audience, scope, amr, "
                "auth_time) VALUES ('0123456789012345678902', 1, 1000, '', 1, 1, 'a', '', '', 1);";

        add("alice");
        assert_int_equal(store_execute(store, rows, "testing"), 0);
}

static void sessions_end_and_all_of_before_is_revoked(void **state) {
        struct page_revocation entry = {.kind = 0};

        (void)state;
        rows_must_be_there();
        assert_int_equal(store_settle(store, false, 0, NOW + 2, NOW + 100), 0);
        assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
        assert_int_equal(count("SELECT count(*) FROM logins"), 0);
        assert_int_equal(revocations_list(store, NOW, entry_keep, &entry), 0);
        assert_int_equal(entry.kind, REVOKED_ALL);
        assert_int_equal(entry.before, NOW + 2);
        assert_int_equal(entry.drop_at, NOW + 100);
}

static void sessions_stay_when_that_is_wanted(void **state) {
        (void)state;
        rows_must_be_there();
        assert_int_equal(store_settle(store, true, 0, NOW + 2, NOW + 100), 0);
        assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
        assert_int_equal(count("SELECT count(*) FROM logins"), 1);
        assert_int_equal(count("SELECT count(*) FROM revocations"), 0);
}

static void ids_of_before_are_not_given_again(void **state) {
        uint64_t before, after;

        (void)state;
        before = add("alice");
        assert_int_equal(store_settle(store, true, 0, NOW, NOW + 1), 0);
        after = add("bob");
        assert_true(after > before + SETTLE_IDS_SKIPPED);
        assert_int_equal(store_settle(store, true, 0, NOW, NOW + 1), 0);
        assert_true(add("carol") > after + SETTLE_IDS_SKIPPED);
}

/* A second time out of one backup; and a number that would leave none is nobody's. */
static void ids_of_another_database_are_not_given_again_either(void **state) {
        int64_t last = 0;

        (void)state;
        add("alice");
        assert_int_equal(store_settle(store, true, 5000000, NOW, NOW + 1), 0);
        assert_int_equal(store_last_id(store, &last), 0);
        assert_int_equal(last, 5000000 + SETTLE_IDS_SKIPPED);
        assert_int_equal(store_settle(store, true, INT64_MAX, NOW, NOW + 1), 0);
        assert_int_equal(add("bob"), last + SETTLE_IDS_SKIPPED + 1);
}

static void ids_are_skipped_where_none_was_given(void **state) {
        (void)state;
        assert_int_equal(store_settle(store, false, 0, NOW, NOW + 1), 0);
        assert_true(add("first") > SETTLE_IDS_SKIPPED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(copy_has_all_that_is_committed_and_leaves_no_file),
                TEST(copy_has_nothing_of_what_is_being_written),
                TEST(copy_that_was_broken_off_gives_way),
                TEST(second_copy_at_a_time_is_refused),
                TEST(full_output_is_an_error),
                TEST(nothing_is_made_where_there_is_no_database),
                TEST(database_without_anything_is_refused),
                TEST(older_database_is_copied_and_not_read),
                TEST(older_database_that_comes_back_is_brought_up_to_date),
                TEST(sessions_end_and_all_of_before_is_revoked),
                TEST(sessions_stay_when_that_is_wanted),
                TEST(ids_of_before_are_not_given_again),
                TEST(ids_are_skipped_where_none_was_given),
                TEST(ids_of_another_database_are_not_given_again_either),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
