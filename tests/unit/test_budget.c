/* links: daemon/authority/budget.c */
/* Shares by uid: nobody starves another, root is let in when all others are not. */
#include "../../daemon/authority/budget.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void a_uid_over_its_share_is_refused_and_others_are_not(void **state) {
        struct budget_limits limits = {.total = 100, .per_uid = 3};
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 100), 0);
        for (i = 0; i < 3; i++)
                assert_int_equal(budget_charge(&budget, &limits, 1000), 0);
        assert_int_equal(budget_charge(&budget, &limits, 1000), -EDQUOT);
        assert_int_equal(budget_charge(&budget, &limits, 1001), 0);
        budget_return(&budget, 1000);
        assert_int_equal(budget_charge(&budget, &limits, 1000), 0);
        budget_clear(&budget);
}

static void a_tenth_is_kept_for_root(void **state) {
        struct budget_limits limits = {.total = 50, .per_uid = 50};
        struct budget budget;
        uint32_t uid;

        (void)state;
        assert_int_equal(budget_init(&budget, 50), 0);
        for (uid = 1; uid <= 45; uid++)
                assert_int_equal(budget_charge(&budget, &limits, uid), 0);
        assert_int_equal(budget_charge(&budget, &limits, 999), -EDQUOT);
        for (uid = 0; uid < 5; uid++)
                assert_int_equal(budget_charge(&budget, &limits, 0), 0);
        assert_int_equal(budget_charge(&budget, &limits, 0), -EDQUOT);
        budget_clear(&budget);
}

/* Against a plain array of counts, with uids that share buckets. */
static void counts_are_right_after_any_order_of_charges_and_returns(void **state) {
        struct budget_limits limits = {.total = 64, .per_uid = 4};
        uint32_t held[32] = {0}, used = 0;
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 64), 0);
        srandom(7);
        for (i = 0; i < 200000; i++) {
                uint32_t uid = 1 + (uint32_t)random() % 31;

                if (random() % 2) {
                        int expected = used < 58 && held[uid] < 4 ? 0 : -EDQUOT;

                        assert_int_equal(budget_charge(&budget, &limits, uid), expected);
                        held[uid] += expected == 0;
                        used += expected == 0;
                } else if (held[uid] > 0) {
                        budget_return(&budget, uid);
                        held[uid]--;
                        used--;
                }
        }
        budget_clear(&budget);
}

static void what_many_share_has_half_of_all(void **state) {
        struct budget_limits limits = {.total = 40, .per_uid = 3};
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 40), 0);
        for (i = 0; i < 20; i++)
                assert_int_equal(budget_charge(&budget, &limits, BUDGET_WEB), 0);
        assert_int_equal(budget_charge(&budget, &limits, BUDGET_WEB), -EDQUOT);
        for (i = 0; i < 16; i++)
                assert_int_equal(budget_charge(&budget, &limits, BUDGET_STRANGERS), 0);
        assert_int_equal(budget_charge(&budget, &limits, BUDGET_STRANGERS), -EDQUOT);
        assert_int_equal(budget_charge(&budget, &limits, 0), 0);
        budget_clear(&budget);
}

static void what_is_moved_counts_where_it_goes(void **state) {
        struct budget_limits limits = {.total = 20, .per_uid = 3};
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 20), 0);
        for (i = 0; i < 5; i++)
                assert_int_equal(budget_charge(&budget, &limits, BUDGET_STRANGERS), 0);
        for (i = 0; i < 5; i++)
                budget_move(&budget, BUDGET_STRANGERS, 1000);
        assert_int_equal(budget_charge(&budget, &limits, 1000), -EDQUOT);
        for (i = 0; i < 3; i++)
                budget_return(&budget, 1000);
        assert_int_equal(budget_charge(&budget, &limits, 1000), 0);
        assert_int_equal(budget_charge(&budget, &limits, 1000), -EDQUOT);
        budget_clear(&budget);
}

static void an_address_has_a_share_of_its_own_and_all_of_them_half(void **state) {
        struct budget_limits limits = {.total = 40, .per_uid = 3};
        uint64_t address = budget_share_of_address("192.0.2.1");
        struct budget budget;
        char text[32];
        int i, charged = 3;

        (void)state;
        assert_int_equal(budget_init(&budget, 40), 0);
        for (i = 0; i < 3; i++)
                assert_int_equal(budget_charge(&budget, &limits, address), 0);
        assert_int_equal(budget_charge(&budget, &limits, address), -EDQUOT);
        for (i = 2; charged < 20; i++, charged++) {
                snprintf(text, sizeof text, "192.0.2.%d", i);
                assert_int_equal(budget_charge(&budget, &limits, budget_share_of_address(text)), 0);
        }
        assert_int_equal(budget_charge(&budget, &limits, budget_share_of_address("::5:1:1:1")),
                         -EDQUOT);
        assert_int_equal(budget_charge(&budget, &limits, BUDGET_WEB), -EDQUOT);
        assert_int_equal(budget_charge(&budget, &limits, 1000), 0);
        budget_return(&budget, address);
        assert_int_equal(budget_charge(&budget, &limits, BUDGET_WEB), 0);
        budget_clear(&budget);
}

static void what_many_share_is_no_less_than_what_one_may_have(void **state) {
        struct budget_limits limits = {.total = 30, .per_uid = 20};
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 30), 0);
        for (i = 0; i < 20; i++)
                assert_int_equal(budget_charge(&budget, &limits, BUDGET_STRANGERS), 0);
        assert_int_equal(budget_charge(&budget, &limits, BUDGET_STRANGERS), -EDQUOT);
        budget_clear(&budget);
}

/* A reload may set more than there are slots for. */
static void no_more_is_charged_than_there_is_room_for(void **state) {
        struct budget_limits limits = {.total = 100, .per_uid = 100};
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 10), 0);
        for (i = 0; i < 10; i++)
                assert_int_equal(budget_charge(&budget, &limits, 0), 0);
        assert_int_equal(budget_charge(&budget, &limits, 0), -EDQUOT);
        assert_int_equal(budget.used, 10);
        budget_clear(&budget);
}

static void what_is_moved_within_limits_stays_where_there_is_no_room(void **state) {
        struct budget_limits limits = {.total = 40, .per_uid = 2};
        uint64_t address = budget_share_of_address("2001:db8::1");
        struct budget budget;
        int i;

        (void)state;
        assert_int_equal(budget_init(&budget, 40), 0);
        for (i = 0; i < 3; i++)
                assert_int_equal(budget_charge(&budget, &limits, BUDGET_WEB), 0);
        assert_int_equal(budget_move_within(&budget, &limits, BUDGET_WEB, address), 0);
        assert_int_equal(budget_move_within(&budget, &limits, address, address), 0);
        assert_int_equal(budget_move_within(&budget, &limits, BUDGET_WEB, address), 0);
        assert_int_equal(budget_move_within(&budget, &limits, BUDGET_WEB, address), -EDQUOT);
        assert_int_equal(budget_move_within(&budget, &limits, address, address), 0);
        assert_int_equal(budget.used, 3);
        assert_int_equal(budget.used_by_web, 3);
        budget_return(&budget, address);
        assert_int_equal(budget_move_within(&budget, &limits, BUDGET_WEB, address), 0);
        budget_clear(&budget);
}

static void an_ipv6_host_has_the_share_of_its_network(void **state) {
        static const struct {
                const char *one, *other;
                bool is_same;
        } pairs[] = {
                {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
                {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
                {"::ffff:192.0.2.1", "192.0.2.1", true},
                {"192.0.2.1", "192.0.2.2", false},
                {"::1", "::2", true}, /* of no network that is given to anybody */
                {"::1", "0.0.0.0", false},
                {"0:0:0:1::", "0.0.0.1", false},
                {"255.255.255.255", "0:2::", false},
                {"", "nonsense", true},
                {"", "0.0.0.0", false},
        };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
                uint64_t one = budget_share_of_address(pairs[i].one);
                uint64_t other = budget_share_of_address(pairs[i].other);

                assert_int_equal(one == other, pairs[i].is_same);
                assert_true(budget_is_web(one) && budget_is_web(other));
                assert_true(budget_owner(one) == BUDGET_WEB);
        }
        assert_true(budget_share_of_address("") == BUDGET_WEB);
        assert_false(budget_is_web(BUDGET_STRANGERS));
        assert_true(budget_owner(1000) == 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_uid_over_its_share_is_refused_and_others_are_not),
                cmocka_unit_test(a_tenth_is_kept_for_root),
                cmocka_unit_test(what_many_share_has_half_of_all),
                cmocka_unit_test(what_is_moved_counts_where_it_goes),
                cmocka_unit_test(an_address_has_a_share_of_its_own_and_all_of_them_half),
                cmocka_unit_test(what_many_share_is_no_less_than_what_one_may_have),
                cmocka_unit_test(no_more_is_charged_than_there_is_room_for),
                cmocka_unit_test(what_is_moved_within_limits_stays_where_there_is_no_room),
                cmocka_unit_test(an_ipv6_host_has_the_share_of_its_network),
                cmocka_unit_test(counts_are_right_after_any_order_of_charges_and_returns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
