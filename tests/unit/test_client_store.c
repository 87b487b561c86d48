/* Clients in the database: what is kept of one, what is refused, what survives.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/migrate.c daemon/authority/store/transaction.c
 *        daemon/authority/store/clients.c
 * needs: sqlite3 */
#include "../../common/cleanup.h"
#include "../../daemon/authority/store/clients.h"
#include "../../daemon/authority/store/database.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1700000000

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1;
static struct store *store;

static void store_must_open(void) {
        bool created;

        store_freep(&store);
        if (store_open(directory_fd, &created, &store) < 0)
                fail_msg("%s", store_error(store));
}

static int setup(void **state) {
        (void)state;
        directory_fd = own_folder_make(directory);
        if (directory_fd < 0)
                return -1;
        store_must_open();
        return 0;
}

static int teardown(void **state) {
        (void)state;
        store_freep(&store);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

static struct client_row row(const char *id) {
        struct client_row row = {
                .id = text_of(id),
                .name = TEXT("A r\xc3\xb6"
                             "bot"),
                .audiences = TEXT("https://a.example https://b.example"),
                .scopes = TEXT("read"),
                .enabled = true,
        };

        memset(row.digest, 0xa5, sizeof row.digest);
        return row;
}

/* ---- each change in a transaction of its own ---- */

static int commit(struct transaction *transaction, int r) {
        if (r == 0)
                return transaction_commit(transaction);
        transaction_endp(&transaction);
        return r;
}

static struct transaction *begin(void) {
        struct transaction *transaction = NULL;

        assert_int_equal(transaction_begin(store, &transaction), 0);
        return transaction;
}

static int row_add(const struct client_row *row, int64_t now) {
        struct transaction *transaction = begin();

        return commit(transaction, clients_add(transaction, row, now));
}

static int row_change(const struct client_row *row) {
        struct transaction *transaction = begin();

        return commit(transaction, clients_change(transaction, row));
}

static int row_delete(struct text id) {
        struct transaction *transaction = begin();

        return commit(transaction, clients_delete(transaction, id));
}

static void add(const char *id) {
        const struct client_row new = row(id);

        assert_int_equal(row_add(&new, NOW), 0);
}

static void assert_is(const struct client_row *wanted) {
        _cleanup_(client_freep) struct client *client = NULL;

        assert_int_equal(clients_find(store, wanted->id, &client), 0);
        assert_true(text_is(text_of(client->id), wanted->id));
        assert_true(text_is(text_of(client->name), wanted->name));
        assert_true(text_is(text_of(client->audiences), wanted->audiences));
        assert_true(text_is(text_of(client->scopes), wanted->scopes));
        assert_memory_equal(client->digest, wanted->digest, CLIENT_DIGEST_LEN);
        assert_int_equal(client->enabled, wanted->enabled);
        assert_int_equal(client->created_at, NOW);
}

static void assert_unknown(const char *id) {
        struct client *client = NULL;

        assert_int_equal(clients_find(store, text_of(id), &client), -ENOENT);
        assert_null(client);
}

static void a_client_is_found_as_it_was_added_also_after_a_restart(void **state) {
        const struct client_row wanted = row("robot");

        (void)state;
        add("robot");
        assert_is(&wanted);
        store_must_open();
        assert_is(&wanted);
        assert_unknown("Robot");
        assert_unknown("robo");
        assert_unknown("");
}

static void an_id_is_taken_once_and_whoever_has_it_keeps_it(void **state) {
        const struct client_row first = row("robot");
        struct client_row second = row("robot");

        (void)state;
        add("robot");
        memset(second.digest, 0x5a, sizeof second.digest);
        assert_int_equal(row_add(&second, NOW + 1), -EEXIST);
        assert_is(&first);
}

static void what_has_no_place_in_a_row_is_refused_by_the_database_too(void **state) {
        static const char *const ids[] = {"", "local", "a b", "a/b", "\xc3\xa9"};
        struct client_row bad;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(ids); i++) {
                bad = row(ids[i]);
                assert_true(row_add(&bad, NOW) < 0);
                assert_unknown(ids[i]);
        }
        bad = row("n");
        bad.audiences = TEXT("");
        assert_true(row_add(&bad, NOW) < 0);
        assert_unknown("n");
}

static void a_change_puts_all_of_the_row_in_its_place(void **state) {
        const struct client_row other = row("other");
        struct client_row changed = row("robot");

        (void)state;
        add("robot");
        add("other");
        changed.name = TEXT("");
        changed.audiences = TEXT("https://c.example");
        changed.scopes = TEXT("");
        changed.enabled = false;
        memset(changed.digest, 1, sizeof changed.digest);
        assert_int_equal(row_change(&changed), 0);
        assert_is(&changed);
        assert_is(&other);
        changed.id = TEXT("nobody");
        assert_int_equal(row_change(&changed), -ENOENT);
        assert_unknown("nobody");
}

static void a_client_that_is_deleted_is_gone(void **state) {
        (void)state;
        add("robot");
        assert_int_equal(row_delete(TEXT("robot")), 0);
        assert_unknown("robot");
        assert_int_equal(row_delete(TEXT("robot")), -ENOENT);
        add("robot");
}

static int each_append(void *context, const struct client *client) {
        strcat(context, client->id);
        return 0;
}

static int each_fail(void *context, const struct client *client) {
        (void)context;
        (void)client;
        return -EPIPE;
}

static void the_list_goes_by_id_and_page_by_page(void **state) {
        char ids[64] = "";
        uint64_t total = 0;

        (void)state;
        add("b");
        add("c");
        add("a");
        assert_int_equal(clients_list(store, 0, 100, each_append, ids, &total), 0);
        assert_string_equal(ids, "abc");
        assert_int_equal(total, 3);
        ids[0] = '\0';
        assert_int_equal(clients_list(store, 1, 1, each_append, ids, &total), 0);
        assert_string_equal(ids, "b");
        assert_int_equal(total, 3);
        assert_int_equal(clients_list(store, 0, 100, each_fail, NULL, &total), -EPIPE);
}

/* Somebody wrote the file by other means. */
static void a_row_that_cannot_be_read_proves_nothing(void **state) {
        struct client *client = NULL;

        (void)state;
        add("robot");
        assert_int_equal(sqlite3_exec(store->db,
                                      "PRAGMA ignore_check_constraints = 1; UPDATE clients SET "
                                      "secret_digest = x'00'",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(clients_find(store, TEXT("robot"), &client), -EBADMSG);
        assert_null(client);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_client_is_found_as_it_was_added_also_after_a_restart),
                TEST(an_id_is_taken_once_and_whoever_has_it_keeps_it),
                TEST(what_has_no_place_in_a_row_is_refused_by_the_database_too),
                TEST(a_change_puts_all_of_the_row_in_its_place),
                TEST(a_client_that_is_deleted_is_gone),
                TEST(the_list_goes_by_id_and_page_by_page),
                TEST(a_row_that_cannot_be_read_proves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
