/* The throttle: how long a pair waits after how many failures, that guesses in parallel gain
 * nothing, that no lock is lost or lengthened, and that its memory is bounded.
 *
 * links: daemon/authority/throttle.c daemon/authority/throttle_table.c
 * daemon/authority/throttle_kept.c daemon/authority/grid.c */
#include "../../daemon/authority/grid.h"
#include "../../daemon/authority/throttle.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS 86400000

static struct throttle *throttle;
static struct throttle_time now;

static int begin(void **state) {
        (void)state;
        now = (struct throttle_time){.monotonic_ms = 1000, .wall_s = 1700006400}; /* a midnight */
        return throttle_new(&throttle);
}

static int end(void **state) {
        (void)state;
        throttle_free(throttle);
        throttle = NULL;
        return 0;
}

static void pass_ms(int64_t ms) {
        now.monotonic_ms += ms;
        now.wall_s += ms / 1000;
}

static struct throttle_key key_of(const char *user, unsigned source) {
        struct throttle_key key = {.user = ""};

        snprintf(key.user, sizeof key.user, "%s", user);
        snprintf((char *)key.source, sizeof key.source, "uid %u", source);
        return key;
}

static enum throttle_answer enter(const struct throttle_key *key, struct throttle_attempt *attempt,
                                  int64_t *left_ms) {
        *left_ms = 0;
        return throttle_enter(throttle, key, &now, attempt, left_ms);
}

/* One attempt to its end; what it was answered. */
static enum throttle_answer attempt(const char *user, unsigned source,
                                    enum throttle_outcome outcome) {
        struct throttle_key key = key_of(user, source);
        struct throttle_attempt attempt;
        enum throttle_answer answer;
        int64_t left_ms;

        answer = enter(&key, &attempt, &left_ms);
        if (answer == THROTTLE_ENTERED)
                throttle_end(throttle, &attempt, outcome, &now);
        return answer;
}

static int64_t left_ms_of(const char *user, unsigned source) {
        struct throttle_key key = key_of(user, source);
        struct throttle_attempt attempt;
        int64_t left_ms;

        assert_int_equal(enter(&key, &attempt, &left_ms), THROTTLE_LOCKED);
        return left_ms;
}

static void fail_times(const char *user, unsigned source, unsigned times) {
        for (; times > 0; times--) {
                assert_int_equal(attempt(user, source, THROTTLE_FAILED), THROTTLE_ENTERED);
                if (times > 1)
                        pass_ms(left_ms_of(user, source));
        }
}

/* ---- the steps ---- */

static void the_waits_are_those_of_the_table(void **state) {
        static const struct {
                uint32_t failures;
                int64_t wait_ms;
        } expected[] = {{0, 0},      {1, 1000},        {2, 1000},        {3, 3000},
                        {8, 3000},   {9, 5000},        {24, 5000},       {25, 10000},
                        {99, 10000}, {100, INT64_MAX}, {101, INT64_MAX}, {UINT32_MAX, INT64_MAX}};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(expected); i++)
                assert_int_equal(throttle_wait_ms(expected[i].failures), expected[i].wait_ms);
        assert_int_equal(throttle_wait_everyone_ms(99), 0);
        assert_int_equal(throttle_wait_everyone_ms(100), 10000);
        assert_int_equal(throttle_wait_everyone_ms(UINT32_MAX), 10000);
}

static void a_pair_meets_each_step_in_turn(void **state) {
        uint32_t failures;

        (void)state;
        for (failures = 1; failures < 100; failures++) {
                int64_t wait_ms = throttle_wait_ms(failures);

                assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
                assert_int_equal(left_ms_of("ann", 1), wait_ms);
                pass_ms(wait_ms - 1);
                assert_int_equal(left_ms_of("ann", 1), 1);
                pass_ms(1);
        }
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_true(left_ms_of("ann", 1) > DAY_MS / 2);
}

static void the_hundredth_failure_waits_for_the_end_of_the_day_and_no_longer(void **state) {
        (void)state;
        pass_ms(3600000);
        fail_times("ann", 1, 100);
        pass_ms(left_ms_of("ann", 1));
        assert_in_range(now.wall_s % 86400, 0, 1);
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("ann", 1), 1000);
}

static void a_success_ends_the_failures_of_its_pair(void **state) {
        (void)state;
        fail_times("ann", 1, 5);
        pass_ms(3000);
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("ann", 1), 1000);
}

static void pairs_do_not_wait_for_each_other(void **state) {
        (void)state;
        fail_times("ann", 1, 50);
        assert_int_equal(attempt("ann", 2, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_int_equal(attempt("bea", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_LOCKED);
}

/* ---- all at once ---- */

static void a_second_attempt_waits_for_the_outcome_of_the_first(void **state) {
        struct throttle_key key = key_of("ann", 1);
        struct throttle_attempt first, second;
        int64_t left_ms;

        (void)state;
        assert_int_equal(enter(&key, &first, &left_ms), THROTTLE_ENTERED);
        assert_int_equal(enter(&key, &second, &left_ms), THROTTLE_OCCUPIED);
        pass_ms(60000);
        assert_int_equal(enter(&key, &second, &left_ms), THROTTLE_OCCUPIED);
        throttle_end(throttle, &first, THROTTLE_FAILED, &now);
        assert_int_equal(enter(&key, &second, &left_ms), THROTTLE_LOCKED);
        assert_int_equal(left_ms, 1000);
}

static void what_is_judged_from_many_sources_at_once_counts_before_its_outcome(void **state) {
        struct throttle_attempt attempts[100], next;
        struct throttle_key key;
        int64_t left_ms;
        unsigned i;

        (void)state;
        for (i = 0; i < ELEMENTS(attempts); i++) {
                key = key_of("ann", i);
                assert_int_equal(enter(&key, &attempts[i], &left_ms), THROTTLE_ENTERED);
        }
        assert_int_equal(left_ms_of("ann", 200), 10000);
        for (i = 0; i < ELEMENTS(attempts); i++)
                throttle_end(throttle, &attempts[i], THROTTLE_UNJUDGED, &now);
        key = key_of("ann", 200);
        assert_int_equal(enter(&key, &next, &left_ms), THROTTLE_ENTERED);
}

static void an_unlock_forgets_no_failure_that_comes_after_it(void **state) {
        struct throttle_key key = key_of("ann", 1);
        struct throttle_attempt attempt;
        int64_t left_ms;

        (void)state;
        fail_times("ann", 1, 30);
        pass_ms(10000);
        assert_int_equal(enter(&key, &attempt, &left_ms), THROTTLE_ENTERED);
        throttle_unlock(throttle, "ann");
        throttle_end(throttle, &attempt, THROTTLE_FAILED, &now);
        assert_int_equal(left_ms_of("ann", 1), 1000);
}

static void a_day_that_ends_while_an_attempt_is_judged_takes_its_failures_along(void **state) {
        struct throttle_key key = key_of("ann", 1);
        struct throttle_attempt attempt;
        int64_t left_ms;

        (void)state;
        fail_times("ann", 1, 99);
        pass_ms(DAY_MS - now.wall_s % 86400 * 1000 - 1000);
        assert_int_equal(enter(&key, &attempt, &left_ms), THROTTLE_ENTERED);
        pass_ms(2000);
        throttle_end(throttle, &attempt, THROTTLE_FAILED, &now);
        assert_int_equal(left_ms_of("ann", 1), 1000);
}

static void what_was_not_judged_for_a_reason_of_ours_does_not_count(void **state) {
        (void)state;
        fail_times("ann", 1, 2);
        pass_ms(1000);
        assert_int_equal(attempt("ann", 1, THROTTLE_UNJUDGED), THROTTLE_ENTERED);
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("ann", 1), 3000);
}

static void many_sources_slow_down_only_those_that_never_succeeded(void **state) {
        unsigned source;

        (void)state;
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        for (source = 10; source < 110; source++)
                assert_int_equal(attempt("ann", source, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("ann", 200), 10000);
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        pass_ms(10000);
        assert_int_equal(attempt("ann", 201, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_int_equal(attempt("ann", 201, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
}

/* ---- memory ---- */

static void a_source_with_too_many_rows_shares_one_for_the_rest(void **state) {
        char user[16];
        unsigned i;

        (void)state;
        fail_times("ann", 1, 30);
        for (i = 0; i < THROTTLE_SOURCE_ROWS - 1; i++) {
                snprintf(user, sizeof user, "user%u", i);
                assert_int_equal(attempt(user, 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        }
        assert_int_equal(attempt("one.more", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("another", 1), 1000);
        assert_true(left_ms_of("ann", 1) > 1000);
        assert_int_equal(attempt("another", 2, THROTTLE_FAILED), THROTTLE_ENTERED);
}

static void ones_own_success_does_not_open_a_shared_row(void **state) {
        char user[16];
        unsigned i;

        (void)state;
        for (i = 0; i < THROTTLE_SOURCE_ROWS; i++) {
                snprintf(user, sizeof user, "user%u", i);
                assert_int_equal(attempt(user, 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        }
        for (i = 0; i < 3; i++) {
                assert_int_equal(attempt("victim", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
                pass_ms(throttle_wait_ms(i + 1));
        }
        assert_int_equal(attempt("mallory", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_int_equal(attempt("victim", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("victim", 1), 3000);
        assert_int_equal(attempt("mallory", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
}

static void a_full_table_resets_no_lock(void **state) {
        unsigned source, entered = 0;
        char user[16];

        (void)state;
        fail_times("ann", 1, 9);
        for (source = 10; source < 3 * THROTTLE_ROWS; source++) {
                snprintf(user, sizeof user, "user%u", source);
                entered += attempt(user, source, THROTTLE_FAILED) == THROTTLE_ENTERED;
        }
        assert_true(entered <= THROTTLE_ROWS + THROTTLE_SHARED_ROWS);
        assert_int_equal(left_ms_of("ann", 1), 5000);
}

static void failures_do_not_drive_out_all_who_succeeded(void **state) {
        unsigned source, still_known = 0;
        char user[16];

        (void)state;
        for (source = 0; source < THROTTLE_ROWS; source++) {
                pass_ms(1);
                assert_int_equal(attempt("ann", source, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        }
        for (source = 0; source < 2 * THROTTLE_ROWS; source++) {
                snprintf(user, sizeof user, "user%u", source);
                attempt(user, 100000 + source, THROTTLE_FAILED);
        }
        for (source = 0; source < 200; source++)
                attempt("ann", 200000 + source, THROTTLE_FAILED);
        for (source = THROTTLE_ROWS - THROTTLE_KNOWN_ROWS; source < THROTTLE_ROWS; source++)
                still_known += attempt("ann", source, THROTTLE_SUCCEEDED) == THROTTLE_ENTERED;
        assert_int_equal(still_known, THROTTLE_KNOWN_ROWS);
}

/* ---- an administrator ---- */

static void unlocking_forgets_the_failures_of_that_user_alone(void **state) {
        (void)state;
        fail_times("ann", 1, 100);
        fail_times("bea", 1, 3);
        assert_int_equal(throttle_left_ms(throttle, "bea", &now), 3000);
        assert_true(throttle_left_ms(throttle, "ann", &now) > 10000);
        throttle_unlock(throttle, "ann");
        assert_int_equal(throttle_left_ms(throttle, "ann", &now), 0);
        assert_int_equal(throttle_left_ms(throttle, "bea", &now), 3000);
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
}

/* ---- a restart ---- */

static void restart(void) {
        struct throttle *after = NULL;
        struct throttle_record record;
        size_t at = 0, slot;

        throttle_mark_changed(throttle);
        assert_int_equal(throttle_new(&after), 0);
        while (throttle_take_changed(throttle, &now, &at, &slot, &record))
                throttle_restore(after, slot, &record, &now);
        throttle_free(throttle);
        throttle = after;
}

static void failures_locks_and_successes_outlive_a_restart(void **state) {
        unsigned source;

        (void)state;
        assert_int_equal(attempt("bea", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        fail_times("ann", 1, 8);
        restart();
        assert_in_range(left_ms_of("ann", 1), 2000, 3000);
        pass_ms(3000);
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_int_equal(left_ms_of("ann", 1), 5000);
        for (source = 10; source < 110; source++)
                attempt("bea", source, THROTTLE_FAILED);
        assert_int_equal(attempt("bea", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
}

static uint32_t failures_taken(void) {
        struct throttle_record record;
        size_t at = 0, slot;
        uint32_t failures = 0;

        while (throttle_take_changed(throttle, &now, &at, &slot, &record))
                failures += record.failures;
        return failures;
}

/* Neither in the pair's row nor in that of all sources: a kill in between costs nobody his next
 * login. */
static void an_attempt_that_is_being_judged_is_kept_as_no_failure(void **state) {
        struct throttle_key key = key_of("ann", 1);
        struct throttle_attempt attempt;
        int64_t left_ms;

        (void)state;
        assert_int_equal(enter(&key, &attempt, &left_ms), THROTTLE_ENTERED);
        assert_int_equal(failures_taken(), 0);
        throttle_end(throttle, &attempt, THROTTLE_FAILED, &now);
        assert_int_equal(failures_taken(), 2);
        pass_ms(1000);
        assert_int_equal(enter(&key, &attempt, &left_ms), THROTTLE_ENTERED);
        throttle_mark_changed(throttle);
        assert_int_equal(failures_taken(), 2);
        throttle_end(throttle, &attempt, THROTTLE_SUCCEEDED, &now);
        throttle_mark_changed(throttle);
        assert_int_equal(failures_taken(), 1); /* of all sources: it is not forgotten there */
}

static void only_what_has_changed_is_written(void **state) {
        struct throttle_record record;
        size_t at = 0, slot, count = 0;

        (void)state;
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        while (throttle_take_changed(throttle, &now, &at, &slot, &record))
                count++;
        assert_int_equal(count, 2); /* the pair's, and the user's for all sources */
        assert_false(throttle_has_changed(throttle));
        assert_int_equal(attempt("ann", 1, THROTTLE_SUCCEEDED), THROTTLE_ENTERED);
        assert_false(throttle_has_changed(throttle));
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        assert_true(throttle_has_changed(throttle));
}

/* The wall clock is set back by a year while the program is away, or by a day while it runs. */
static void a_clock_that_steps_lengthens_no_wait(void **state) {
        (void)state;
        fail_times("bea", 1, 100);
        fail_times("ann", 1, 30);
        now.wall_s -= 365 * 86400;
        restart();
        assert_in_range(left_ms_of("ann", 1), 0, 10000);
        assert_in_range(left_ms_of("bea", 1), 0, DAY_MS);
        pass_ms(60000);
        assert_int_equal(attempt("ann", 1, THROTTLE_FAILED), THROTTLE_ENTERED);
        now.wall_s -= 86400;
        assert_int_equal(left_ms_of("ann", 1), 10000);
}

/* ---- the grid ---- */

static void refusals_leave_close_behind_a_mark(void **state) {
        struct grid grid = {0};
        uint32_t random;

        (void)state;
        for (random = 0; random < 100; random++) {
                assert_in_range(grid_judged_ms(&grid, 1000, 1013, random), 1050, 1059);
                assert_in_range(grid_unjudged_ms(&grid, 1000, 1000, random), 1050, 1059);
        }
}

static void who_is_not_judged_leaves_when_those_leave_that_are(void **state) {
        struct grid grid = {0};
        unsigned late = 0, i;

        (void)state;
        for (i = 0; i < GRID_MEMORY; i++)
                grid_judged_ms(&grid, 1000, i % 2 ? 1013 : 1113, 0);
        for (i = 0; i < 1000; i++)
                late += grid_unjudged_ms(&grid, 1000, 1000, i * 10) >= 1150;
        assert_in_range(late, 450, 550);
}

static void who_is_not_judged_is_not_held_longer_than_a_second(void **state) {
        struct grid grid = {0};
        unsigned i;

        (void)state;
        for (i = 0; i < GRID_MEMORY; i++)
                grid_judged_ms(&grid, 1000, 15000, i);
        for (i = 0; i < 1000; i++)
                assert_in_range(grid_unjudged_ms(&grid, 1000, 1000, i), 1000, 2000);
}

static void those_that_have_to_wait_are_counted(void **state) {
        (void)state;
        assert_int_equal(throttle_count_locked(throttle, &now), 0);
        attempt("alice", 1, THROTTLE_FAILED);
        attempt("alice", 2, THROTTLE_FAILED);
        attempt("bob", 1, THROTTLE_SUCCEEDED);
        assert_int_equal(throttle_count_locked(throttle, &now), 2);
        pass_ms(1000);
        assert_int_equal(throttle_count_locked(throttle, &now), 0);
}

/* Rows are taken from one user and given to another: the one has them no more. */
static void a_users_rows_are_his_alone_however_often_they_change_hands(void **state) {
        char name[16];
        unsigned i;

        (void)state;
        for (i = 0; i < 3000; i++) {
                snprintf(name, sizeof name, "user%u", i % 700);
                attempt(name, i % 900, i % 3 ? THROTTLE_SUCCEEDED : THROTTLE_FAILED);
                assert_int_equal(throttle_left_ms(throttle, name, &now) > 0, i % 3 == 0);
                throttle_unlock(throttle, name);
                assert_int_equal(throttle_left_ms(throttle, name, &now), 0);
                pass_ms(1000);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(the_waits_are_those_of_the_table),
                TEST(a_pair_meets_each_step_in_turn),
                TEST(the_hundredth_failure_waits_for_the_end_of_the_day_and_no_longer),
                TEST(a_success_ends_the_failures_of_its_pair),
                TEST(pairs_do_not_wait_for_each_other),
                TEST(a_second_attempt_waits_for_the_outcome_of_the_first),
                TEST(what_is_judged_from_many_sources_at_once_counts_before_its_outcome),
                TEST(an_unlock_forgets_no_failure_that_comes_after_it),
                TEST(a_day_that_ends_while_an_attempt_is_judged_takes_its_failures_along),
                TEST(what_was_not_judged_for_a_reason_of_ours_does_not_count),
                TEST(many_sources_slow_down_only_those_that_never_succeeded),
                TEST(a_source_with_too_many_rows_shares_one_for_the_rest),
                TEST(ones_own_success_does_not_open_a_shared_row),
                TEST(a_full_table_resets_no_lock),
                TEST(failures_do_not_drive_out_all_who_succeeded),
                TEST(unlocking_forgets_the_failures_of_that_user_alone),
                TEST(failures_locks_and_successes_outlive_a_restart),
                TEST(an_attempt_that_is_being_judged_is_kept_as_no_failure),
                TEST(only_what_has_changed_is_written),
                TEST(a_clock_that_steps_lengthens_no_wait),
                TEST(refusals_leave_close_behind_a_mark),
                TEST(who_is_not_judged_leaves_when_those_leave_that_are),
                TEST(who_is_not_judged_is_not_held_longer_than_a_second),
                TEST(those_that_have_to_wait_are_counted),
                TEST(a_users_rows_are_his_alone_however_often_they_change_hands),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
