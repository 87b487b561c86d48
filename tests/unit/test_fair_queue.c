/* links: daemon/authority/fair_queue.c */
/* Owners take turns, whatever each has put in. */
#include "../../daemon/authority/fair_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALICE = 1000, BOB, CAROL };

static void add_many(struct fair_queue *queue, struct fair_entry *entries, size_t count,
                     uint32_t owner) {
        size_t i;

        for (i = 0; i < count; i++)
                fair_queue_add(queue, &entries[i], owner);
}

static uint64_t take_owner(struct fair_queue *queue) {
        struct fair_entry *entry = queue->first;

        assert_non_null(entry);
        fair_queue_take(queue, entry);
        return entry->owner;
}

static void an_owner_alone_is_served_in_order(void **state) {
        struct fair_queue queue = {0};
        struct fair_entry entries[5];
        size_t i;

        (void)state;
        add_many(&queue, entries, 5, ALICE);
        for (i = 0; i < 5; i++) {
                assert_ptr_equal(queue.first, &entries[i]);
                fair_queue_take(&queue, &entries[i]);
        }
        assert_null(queue.first);
}

static void who_comes_last_waits_for_one_of_each_other(void **state) {
        struct fair_entry storm[1000], more[1000], one;
        struct fair_queue queue = {0};

        (void)state;
        add_many(&queue, storm, 1000, ALICE);
        add_many(&queue, more, 1000, BOB);
        fair_queue_add(&queue, &one, CAROL);
        assert_int_equal(take_owner(&queue), ALICE);
        assert_int_equal(take_owner(&queue), BOB);
        assert_int_equal(take_owner(&queue), CAROL);
        assert_int_equal(take_owner(&queue), ALICE);
        assert_int_equal(take_owner(&queue), BOB);
}

/* In the midst of a storm too, and again and again. */
static void who_comes_one_by_one_waits_for_one_each_time(void **state) {
        struct fair_entry storm[100], one;
        struct fair_queue queue = {0};
        int i, before;

        (void)state;
        add_many(&queue, storm, 100, ALICE);
        for (i = 0; i < 20; i++) {
                fair_queue_add(&queue, &one, BOB);
                for (before = 0; take_owner(&queue) != BOB; before++)
                        ;
                assert_in_range(before, 0, 1);
        }
}

static void two_who_refill_at_once_share_alike(void **state) {
        struct fair_entry entries[2][8];
        struct fair_queue queue = {0};
        int i, served[2] = {0};

        (void)state;
        add_many(&queue, entries[0], 8, 0);
        add_many(&queue, entries[1], 2, 1);
        for (i = 0; i < 1000; i++) {
                struct fair_entry *entry = queue.first;

                fair_queue_take(&queue, entry);
                served[entry->owner]++;
                fair_queue_add(&queue, entry, entry->owner);
        }
        assert_in_range(served[0], 495, 505);
}

/* The setting of its job forbids the worker that is free: the next in turn goes first. */
static void who_is_passed_over_keeps_its_turn(void **state) {
        struct fair_entry first, second, third;
        struct fair_queue queue = {0};

        (void)state;
        fair_queue_add(&queue, &first, ALICE);
        fair_queue_add(&queue, &second, BOB);
        fair_queue_add(&queue, &third, BOB);
        fair_queue_take(&queue, &second);
        assert_ptr_equal(queue.first, &first);
}

static void who_leaves_is_gone_and_may_leave_twice(void **state) {
        struct fair_entry first, second;
        struct fair_queue queue = {0};

        (void)state;
        fair_queue_add(&queue, &first, ALICE);
        fair_queue_add(&queue, &second, ALICE);
        fair_queue_remove(&queue, &second);
        fair_queue_remove(&queue, &second);
        assert_ptr_equal(queue.first, &first);
        assert_null(first.next);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_owner_alone_is_served_in_order),
                cmocka_unit_test(who_comes_last_waits_for_one_of_each_other),
                cmocka_unit_test(who_comes_one_by_one_waits_for_one_each_time),
                cmocka_unit_test(two_who_refill_at_once_share_alike),
                cmocka_unit_test(who_is_passed_over_keeps_its_turn),
                cmocka_unit_test(who_leaves_is_gone_and_may_leave_twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
