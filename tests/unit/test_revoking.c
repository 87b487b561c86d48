/* What a revocation covers, by a clock that a test sets: also what was issued before it was set
 * back.
 *
 * links: daemon/authority/sessions.c daemon/authority/births.c daemon/authority/commit.c
 *        daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/transaction.c daemon/authority/store/migrate.c
 *        daemon/authority/store/sessions.c daemon/authority/store/revocations.c
 * daemon/authority/store/endings.c needs: sqlite3 libcrypto flags: -Wl,--wrap=clock_gettime */
#include "../../daemon/authority/sessions.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/status.h"
#include "../../daemon/authority/store/database.h"
#include "../../daemon/authority/store/sessions.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)

static int64_t now;
static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1;
static struct settings settings = {.leeway_s = 5};
static struct authority authority;

#include "no_login_sessions.h"
static struct status_page page;

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        if (clock != CLOCK_REALTIME)
                return __real_clock_gettime(clock, ret);
        *ret = (struct timespec){.tv_sec = now};
        return 0;
}

int status_publish(struct authority *published) {
        assert_ptr_equal(published, &authority);
        return 0;
}

uint32_t settings_longest_lifetime(const struct settings *asked) {
        assert_ptr_equal(asked, &settings);
        return 900;
}

static int begin(void **state) {
        bool created;

        (void)state;
        now = NOW;
        directory_fd = own_folder_make(directory);
        page.head.latest_birth = 0;
        authority = (struct authority){.settings = &settings, .status_page = &page};
        if (loop_new(&authority.loop) < 0)
                return -1;
        return store_open(directory_fd, &created, &authority.store);
}

static int end(void **state) {
        (void)state;
        revocations_clear(&authority.revocations);
        loop_timer_unset(authority.loop, &authority.sweep);
        loop_freep(&authority.loop);
        store_freep(&authority.store);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

/* Alice is user 1. */
static bool is_revoked(int64_t iat) {
        const struct claims claims = {.sub = "1", .iat = iat};
        bool revoked = false;

        assert_int_equal(revocations_judge(&authority.revocations, &claims, &revoked), 0);
        return revoked;
}

/* A token of hers is asked for and signed. */
static int issue(int64_t *ret_iat) {
        const struct claims claims = {.sub = "1"};
        int64_t iat_min = 0;
        int r;

        r = sessions_birth(&authority, &claims, &iat_min);
        *ret_iat = now > iat_min ? now : iat_min;
        if (r == 0)
                sessions_note_birth(&authority, *ret_iat);
        return r;
}

static int end_write(void *context, struct transaction *transaction) {
        const struct revoked alice = revoked_user(1, 0);

        return sessions_revoke(context, transaction, &alice);
}

static void end_alice(void) {
        assert_int_equal(commit_alone(&authority, end_write, &authority), 0);
}

static void what_was_issued_until_now_is_revoked_and_what_comes_is_not(void **state) {
        int64_t before, after;

        (void)state;
        assert_int_equal(issue(&before), 0);
        end_alice();
        assert_true(is_revoked(before));
        assert_int_equal(issue(&after), 0);
        assert_true(after > before && !is_revoked(after));
}

static void it_covers_what_was_issued_before_the_clock_was_set_back(void **state) {
        int64_t before, after;

        (void)state;
        assert_int_equal(issue(&before), 0);
        now -= 30;
        end_alice();
        assert_true(is_revoked(before));
        assert_int_equal(issue(&after), -EBUSY);
        now += 30;
        assert_int_equal(issue(&after), 0);
        assert_false(is_revoked(after));
}

static void a_clock_that_was_far_off_locks_nobody_out(void **state) {
        int64_t before, after;

        (void)state;
        assert_int_equal(issue(&before), 0);
        now -= 365 * 86400;
        end_alice();
        assert_int_equal(issue(&after), 0);
        assert_false(is_revoked(after));
}

/* The store stays, and the page: unless the host is started anew as well. */
static void start_again(bool page_is_new) {
        struct store *store = authority.store;
        struct loop *loop = authority.loop;

        loop_timer_unset(loop, &authority.sweep);
        revocations_clear(&authority.revocations);
        if (page_is_new)
                page.head.latest_birth = 0;
        authority = (struct authority){
                .settings = &settings, .status_page = &page, .store = store, .loop = loop};
        assert_int_equal(sessions_start(&authority), 0);
}

static void a_restart_forgets_nothing_of_it(void **state) {
        int64_t before, after;

        (void)state;
        assert_int_equal(issue(&before), 0);
        now -= 30;
        start_again(false);
        end_alice();
        assert_true(is_revoked(before));
        now += 30;
        assert_int_equal(issue(&after), 0);
        assert_false(is_revoked(after));
}

static int session_write(void *context, struct transaction *transaction) {
        struct session session = {.user_id = 1,
                                  .sid = "0000000000000000000001",
                                  .client_id = "local",
                                  .audience = "a",
                                  .amr = "pwd",
                                  .auth_time = NOW - 100,
                                  .used_at = NOW,
                                  .expires_at = NOW + 1000};
        struct sessions_trimmed trimmed;

        (void)context;
        return sessions_add(transaction, &session, &trimmed);
}

static void after_a_start_of_the_host_the_sessions_tell(void **state) {
        (void)state;
        assert_int_equal(store_execute(authority.store,
                                       "INSERT INTO users (id, name, created_at) "
                                       "VALUES (1, 'alice', 1)",
                                       "what a test wants"),
                         0);
        assert_int_equal(commit_alone(&authority, session_write, &authority), 0);
        now -= 30;
        start_again(true);
        end_alice();
        assert_true(is_revoked(NOW));
}

static void after_a_restart_a_clock_that_was_far_off_locks_nobody_out(void **state) {
        int64_t before, after;

        (void)state;
        assert_int_equal(issue(&before), 0);
        now -= 365 * 86400;
        start_again(false);
        end_alice();
        assert_int_equal(issue(&after), 0);
        assert_false(is_revoked(after));
        assert_int_equal(page.head.latest_birth, after);
}

static void others_are_not_touched(void **state) {
        const struct claims bob = {.sub = "2", .iat = NOW};
        bool revoked = true;

        (void)state;
        end_alice();
        assert_int_equal(revocations_judge(&authority.revocations, &bob, &revoked), 0);
        assert_false(revoked);
}

static void who_comes_back_within_the_second_again_and_again_waits(void **state) {
        int64_t iat;
        unsigned i;
        int r = 0;

        (void)state;
        for (i = 0; r == 0 && i < 10; i++) {
                end_alice();
                r = issue(&iat);
        }
        assert_int_equal(r, -EBUSY);
        now += 5;
        assert_int_equal(issue(&iat), 0);
        assert_false(is_revoked(iat));
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(what_was_issued_until_now_is_revoked_and_what_comes_is_not),
                TEST(it_covers_what_was_issued_before_the_clock_was_set_back),
                TEST(a_clock_that_was_far_off_locks_nobody_out),
                TEST(a_restart_forgets_nothing_of_it),
                TEST(after_a_start_of_the_host_the_sessions_tell),
                TEST(after_a_restart_a_clock_that_was_far_off_locks_nobody_out),
                TEST(others_are_not_touched),
                TEST(who_comes_back_within_the_second_again_and_again_waits),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
