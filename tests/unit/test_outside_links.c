/* Links to outside issuers in the database: whose a subject is, whom an address may link, and what
 * was used.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/migrate.c daemon/authority/store/transaction.c
 *        daemon/authority/store/users.c daemon/authority/store/user_row.c
 *        daemon/authority/store/outside_links.c
 * needs: sqlite3 */
#include "../../common/cleanup.h"
#include "../../daemon/authority/store/outside_links.h"
#include "../../daemon/authority/store/users.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW    1700000000
#define ISSUER "https://outside.example"

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1;
static struct store *store;

static int setup(void **state) {
        bool created;

        (void)state;
        directory_fd = own_folder_make(directory);
        return directory_fd < 0 ? -1 : store_open(directory_fd, &created, &store);
}

static int teardown(void **state) {
        (void)state;
        store_freep(&store);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

/* ---- each change in a transaction of its own ---- */

static struct transaction *begin(void) {
        struct transaction *transaction = NULL;

        assert_int_equal(transaction_begin(store, &transaction), 0);
        return transaction;
}

static int commit(struct transaction *transaction, int r) {
        if (r == 0)
                return transaction_commit(transaction);
        transaction_endp(&transaction);
        return r;
}

static uint64_t user_add(const char *name, const char *email, bool of_admin) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct new_user new = {.name = text_of(name),
                                     .email = text_of(email),
                                     .email_of_admin = of_admin,
                                     .now = NOW};
        struct transaction *transaction = begin();
        enum users_conflict conflict = USERS_FINE;

        assert_int_equal(commit(transaction, users_add(transaction, &new, &conflict, &user)), 0);
        assert_int_equal(conflict, USERS_FINE);
        return user->id;
}

static void email_set(uint64_t id, const char *email, bool of_admin) {
        _cleanup_(user_freep) struct user *user = NULL;
        const struct user_change change = {.members = USER_EMAIL,
                                           .email = text_of(email),
                                           .email_of_admin = of_admin,
                                           .now = NOW};
        struct transaction *transaction = begin();
        enum users_conflict conflict = USERS_FINE;

        assert_int_equal(
                commit(transaction, users_change(transaction, id, &change, &conflict, &user)), 0);
}

static int link_add_by(uint64_t user_id, const char *sub, bool by_email) {
        struct outside_link link = {
                .issuer = ISSUER, .user_id = user_id, .by_email = by_email, .created_at = NOW};
        struct transaction *transaction = begin();

        snprintf(link.sub, sizeof link.sub, "%s", sub);
        return commit(transaction, outside_links_add(transaction, &link));
}

static int link_add(uint64_t user_id, const char *sub) {
        return link_add_by(user_id, sub, true);
}

static int link_remove(uint64_t user_id, const char *sub) {
        struct outside_link link = {.issuer = ISSUER, .user_id = user_id};
        struct transaction *transaction = begin();

        snprintf(link.sub, sizeof link.sub, "%s", sub);
        return commit(transaction, outside_links_remove(transaction, &link));
}

static uint64_t holder(const char *sub) {
        uint64_t id = 0;
        int r = outside_links_find(store, TEXT(ISSUER), text_of(sub), &id);

        assert_true(r == 0 || r == -ENOENT);
        return id;
}

/* 0: nobody. */
static uint64_t linkable(const char *email) {
        uint64_t id = 0;
        int r = outside_links_find_email(store, text_of(email), &id);

        assert_true(r == 0 || r == -ENOENT);
        return id;
}

/* ---- what holds ---- */

static void a_subject_is_of_one_user(void **state) {
        uint64_t alice = user_add("alice", "", false), bob = user_add("bob", "", false), id = 0;

        (void)state;
        assert_int_equal(link_add(alice, "s"), 0);
        assert_int_equal(holder("s"), alice);
        assert_int_equal(holder("S"), 0);
        assert_int_equal(outside_links_find(store, TEXT("https://x.example"), TEXT("s"), &id),
                         -ENOENT);
        assert_int_equal(link_add(bob, "s"), -EEXIST);
        assert_int_equal(link_add(alice, "s"), -EEXIST);
        assert_int_equal(link_add(bob + 1, "t"), -ENOENT);
        assert_int_equal(link_remove(bob, "s"), -ENOENT);
        assert_int_equal(link_remove(alice, "s"), 0);
        assert_int_equal(link_remove(alice, "s"), -ENOENT);
        assert_int_equal(holder("s"), 0);
}

static void links_go_with_their_user(void **state) {
        uint64_t alice = user_add("alice", "", false);
        struct transaction *transaction;

        (void)state;
        assert_int_equal(link_add(alice, "s"), 0);
        transaction = begin();
        assert_int_equal(commit(transaction, users_remove(transaction, alice)), 0);
        assert_int_equal(holder("s"), 0);
}

static void a_user_has_so_many_links(void **state) {
        uint64_t alice = user_add("alice", "", false);
        char sub[16];
        int i;

        (void)state;
        for (i = 0; i < OUTSIDE_LINKS_MAX; i++) {
                snprintf(sub, sizeof sub, "s%d", i);
                assert_int_equal(link_add(alice, sub), 0);
        }
        assert_int_equal(link_add(alice, "one more"), -EMLINK);
}

static void an_address_links_by_an_administrators_word_alone(void **state) {
        uint64_t alice = user_add("alice", "Alice@Example.org", true);
        uint64_t bob = user_add("bob", "bob@example.org", false);

        (void)state;
        assert_int_equal(linkable("alice@example.ORG"), alice);
        assert_int_equal(linkable("bob@example.org"), 0);
        assert_int_equal(linkable(""), 0);
        email_set(bob, "alice@example.org", false);
        assert_int_equal(linkable("alice@example.org"), alice);
        email_set(bob, "bob@example.org", true);
        assert_int_equal(linkable("bob@example.org"), bob);
        email_set(bob, "bob@example.org", false);
        assert_int_equal(linkable("bob@example.org"), 0);
}

static void an_address_of_two_links_nobody(void **state) {
        uint64_t alice = user_add("alice", "both@example.org", true);
        uint64_t bob = user_add("bob", "BOTH@example.org", true);

        (void)state;
        assert_int_equal(linkable("both@example.org"), 0);
        assert_int_equal(link_add(bob, "s"), 0);
        assert_int_equal(linkable("both@example.org"), 0);
        email_set(bob, "", true);
        assert_int_equal(linkable("both@example.org"), alice);
}

static void an_address_links_once(void **state) {
        uint64_t alice = user_add("alice", "alice@example.org", true);

        (void)state;
        assert_int_equal(link_add(alice, "s"), 0);
        assert_int_equal(linkable("alice@example.org"), 0);
        email_set(alice, "alice@example.org", true);
        assert_int_equal(linkable("alice@example.org"), 0); /* he has a link */
        assert_int_equal(link_remove(alice, "s"), 0);
        assert_int_equal(linkable("alice@example.org"), 0); /* it was set before he lost it */
        email_set(alice, "alice@example.org", true);
        assert_int_equal(linkable("alice@example.org"), 0); /* it is none that was set since */
        email_set(alice, "", true);
        email_set(alice, "alice@example.org", true);
        assert_int_equal(linkable("alice@example.org"), alice);
}

/* An administrator's form sends a whole record back, with what the user had written there himself.
 */
static void an_address_that_is_written_again_is_still_its_users_word(void **state) {
        uint64_t bob = user_add("bob", "", false);

        (void)state;
        email_set(bob, "boss@example.org", false);
        email_set(bob, "boss@example.org", true);
        email_set(bob, "Boss@Example.org", true);
        assert_int_equal(linkable("boss@example.org"), 0);
        email_set(bob, "bob@example.org", true);
        email_set(bob, "BOB@example.org", true);
        assert_int_equal(linkable("bob@example.org"), bob);
}

static int use(uint8_t which, int64_t now, int64_t forget_at) {
        uint8_t digest[OUTSIDE_DIGEST_LEN] = {which};
        struct transaction *transaction = begin();

        return commit(transaction, outside_tokens_use(transaction, digest, now, forget_at));
}

static void a_token_is_used_once_until_it_is_forgotten(void **state) {
        (void)state;
        assert_int_equal(use(1, NOW, NOW + 10), 0);
        assert_int_equal(use(1, NOW, NOW + 10), -EEXIST);
        assert_int_equal(use(2, NOW, NOW + 10), 0);
        assert_int_equal(use(1, NOW + 9, NOW + 20), -EEXIST);
        assert_int_equal(use(1, NOW + 10, NOW + 20), 0);
}

static int count_each(void *context, const struct outside_link *link) {
        assert_string_equal(link->issuer, ISSUER);
        assert_int_equal(link->by_email, strcmp(link->sub, "a") == 0);
        assert_int_equal(link->created_at, NOW);
        ++*(unsigned *)context;
        return 0;
}

static void the_links_of_one_user_are_listed(void **state) {
        uint64_t alice = user_add("alice", "", false), bob = user_add("bob", "", false), total = 0;
        unsigned count = 0;

        (void)state;
        assert_int_equal(link_add(alice, "a"), 0);
        assert_int_equal(link_add_by(alice, "b", false), 0);
        assert_int_equal(link_add(bob, "c"), 0);
        assert_int_equal(outside_links_list(store, alice, count_each, &count, &total), 0);
        assert_int_equal(count, 2);
        assert_int_equal(total, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_subject_is_of_one_user),
                TEST(links_go_with_their_user),
                TEST(a_user_has_so_many_links),
                TEST(an_address_links_by_an_administrators_word_alone),
                TEST(an_address_of_two_links_nobody),
                TEST(an_address_links_once),
                TEST(an_address_that_is_written_again_is_still_its_users_word),
                TEST(a_token_is_used_once_until_it_is_forgotten),
                TEST(the_links_of_one_user_are_listed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
