/* The loop calls whom it should, when it should, and nobody who has left. */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../daemon/privsep/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#define TIMERS 200

/* A pipe with a watch on its reading end. */
struct pipe_watch {
        struct loop *loop;
        struct watch watch;
        int fds[2];
        int calls;
        uint32_t events;
        struct pipe_watch *other; /* what `ready` does something to */
};

static struct loop *loop_open(void) {
        struct loop *loop = NULL;

        assert_int_equal(loop_new(&loop), 0);
        return loop;
}

static void pipe_ready(void *context, uint32_t events) {
        struct pipe_watch *pipe_watch = context;

        pipe_watch->calls++;
        pipe_watch->events = events;
        loop_stop(pipe_watch->loop);
}

static void pipe_open(struct pipe_watch *pipe_watch, struct loop *loop,
                      void (*ready)(void *context, uint32_t events)) {
        *pipe_watch = (struct pipe_watch){.loop = loop};
        assert_int_equal(pipe2(pipe_watch->fds, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(loop_watch(loop, &pipe_watch->watch, pipe_watch->fds[0], EPOLLIN, ready,
                                    pipe_watch),
                         0);
}

static void pipe_close(struct pipe_watch *pipe_watch) {
        loop_unwatch(pipe_watch->loop, &pipe_watch->watch);
        closep(&pipe_watch->fds[0]);
        closep(&pipe_watch->fds[1]);
}

static void stop(void *context) {
        loop_stop(context);
}

/* Runs the loop for some milliseconds. */
static void run_for(struct loop *loop, int ms) {
        struct timer end = {0};

        assert_int_equal(loop_timer(loop, &end, clock_monotonic_ms() + ms, stop, loop), 0);
        assert_int_equal(loop_run(loop), 0);
        loop_timer_unset(loop, &end);
}

/* ---- watches ---- */

static void a_ready_descriptor_is_called_with_its_events(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch one;

        (void)state;
        pipe_open(&one, loop, pipe_ready);
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(one.calls, 1);
        assert_int_equal(one.events, EPOLLIN);
        closep(&one.fds[1]);
        assert_int_equal(loop_run(loop), 0); /* level-triggered: the byte is still there */
        assert_int_equal(one.events, EPOLLIN | EPOLLHUP);
        pipe_close(&one);
}

static void other_events_are_waited_for_after_a_rewatch(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch one;

        (void)state;
        pipe_open(&one, loop, pipe_ready);
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        assert_int_equal(loop_rewatch(loop, &one.watch, 0), 0);
        run_for(loop, 20);
        assert_int_equal(one.calls, 0);
        assert_int_equal(loop_rewatch(loop, &one.watch, EPOLLIN), 0);
        run_for(loop, 1000);
        assert_int_equal(one.calls, 1);
        pipe_close(&one);
}

static void a_watch_that_was_removed_is_not_called(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch one;

        (void)state;
        pipe_open(&one, loop, pipe_ready);
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        loop_unwatch(loop, &one.watch);
        loop_unwatch(loop, &one.watch);
        run_for(loop, 20);
        assert_int_equal(one.calls, 0);
        pipe_close(&one);
}

static void drop_other(void *context, uint32_t events) {
        struct pipe_watch *pipe_watch = context;

        (void)events;
        pipe_watch->calls++;
        loop_unwatch(pipe_watch->loop, &pipe_watch->other->watch);
        loop_unwatch(pipe_watch->loop, &pipe_watch->watch);
}

/* Both are ready in one batch: whichever comes first removes the other. */
static void a_watch_removed_in_the_same_batch_is_not_called(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch one, two;

        (void)state;
        pipe_open(&one, loop, drop_other);
        pipe_open(&two, loop, drop_other);
        one.other = &two;
        two.other = &one;
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        assert_int_equal(write(two.fds[1], "x", 1), 1);
        run_for(loop, 20);
        assert_int_equal(one.calls + two.calls, 1);
        pipe_close(&one);
        pipe_close(&two);
}

static void replace_other(void *context, uint32_t events) {
        struct pipe_watch *pipe_watch = context, *other = pipe_watch->other;

        (void)events;
        if (!other)
                return;
        pipe_watch->other = other->other = NULL;
        pipe_close(other);
        pipe_open(other, other->loop, pipe_ready); /* the same slot and the same descriptors */
}

/* The new watch's pipe is empty; only the old one's event is still in the batch. */
static void a_watch_set_anew_in_the_same_batch_does_not_get_the_old_event(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch one, two;

        (void)state;
        pipe_open(&one, loop, replace_other);
        pipe_open(&two, loop, replace_other);
        one.other = &two;
        two.other = &one;
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        assert_int_equal(write(two.fds[1], "x", 1), 1);
        run_for(loop, 20);
        assert_int_equal(one.calls + two.calls, 0);
        pipe_close(&one);
        pipe_close(&two);
}

static void free_other(void *context, uint32_t events) {
        struct pipe_watch *pipe_watch = context, *other = pipe_watch->other;

        (void)events;
        if (!other)
                return;
        pipe_watch->other = NULL;
        pipe_close(other);
        memset(other, 0xff, sizeof(*other));
        free(other);
}

static void a_watch_freed_in_the_same_batch_is_not_touched(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch *two[2];

        (void)state;
        for (int i = 0; i < 2; i++) {
                two[i] = calloc(1, sizeof(*two[i]));
                assert_non_null(two[i]);
                pipe_open(two[i], loop, free_other);
                assert_int_equal(write(two[i]->fds[1], "x", 1), 1);
        }
        two[0]->other = two[1];
        two[1]->other = two[0];
        assert_int_equal(loop_rewatch(loop, &two[1]->watch, EPOLLIN), 0);
        run_for(loop, 20);
        /* One of them is left: epoll reports in the order of readiness, so it is the first. */
        pipe_close(two[0]);
        free(two[0]);
}

static void many_watches_come_and_go(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct pipe_watch watches[100];

        (void)state;
        for (int round = 0; round < 5; round++) {
                for (size_t i = 0; i < ELEMENTS(watches); i++)
                        pipe_open(&watches[i], loop, pipe_ready);
                for (size_t i = 0; i < ELEMENTS(watches); i += 2)
                        pipe_close(&watches[i]);
                for (size_t i = 0; i < ELEMENTS(watches); i += 2)
                        pipe_open(&watches[i], loop, pipe_ready);
                for (size_t i = 0; i < ELEMENTS(watches); i++) {
                        assert_int_equal(write(watches[i].fds[1], "x", 1), 1);
                        assert_int_equal(loop_run(loop), 0);
                        assert_int_equal(watches[i].calls, 1);
                        pipe_close(&watches[i]);
                }
        }
}

static void a_descriptor_that_cannot_be_watched_is_an_error(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        struct watch watch = {0};

        (void)state;
        assert_int_equal(loop_watch(loop, &watch, -1, EPOLLIN, pipe_ready, NULL), -EBADF);
        assert_false(watch.active);
        loop_unwatch(loop, &watch);
}

/* ---- timers ---- */

struct fired {
        struct timer timer;
        struct loop *loop;
        int64_t *last;
        int *count;
};

static void fire(void *context) {
        struct fired *fired = context;

        assert_true(fired->timer.at_ms >= *fired->last);
        assert_true(clock_monotonic_ms() >= fired->timer.at_ms);
        *fired->last = fired->timer.at_ms;
        ++*fired->count;
}

static void timers_are_due_in_their_order_whatever_order_they_were_set_in(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        static struct fired fired[TIMERS];
        int64_t start = clock_monotonic_ms(), last = 0;
        int count = 0;

        (void)state;
        for (int i = 0; i < TIMERS; i++) {
                fired[i] = (struct fired){.loop = loop, .last = &last, .count = &count};
                assert_int_equal(
                        loop_timer(loop, &fired[i].timer, start + i * 37 % 50, fire, &fired[i]), 0);
        }
        for (int i = 0; i < TIMERS; i += 3) /* moved */
                assert_int_equal(
                        loop_timer(loop, &fired[i].timer, start + i * 11 % 60, fire, &fired[i]), 0);
        for (int i = 0; i < TIMERS; i += 4) /* unset, also twice */
                loop_timer_unset(loop, &fired[i].timer);
        loop_timer_unset(loop, &fired[0].timer);
        run_for(loop, 100);
        assert_int_equal(count, TIMERS - TIMERS / 4);
}

static void a_timer_comes_once(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        int64_t last = 0;
        int count = 0;
        struct fired one = {.last = &last, .count = &count};

        (void)state;
        assert_int_equal(loop_timer(loop, &one.timer, clock_monotonic_ms() + 5, fire, &one), 0);
        run_for(loop, 30);
        run_for(loop, 10);
        assert_int_equal(count, 1);
        assert_int_equal(one.timer.heap_index, 0);
}

static void again_at_once(void *context) {
        struct fired *fired = context;

        if (++*fired->count < 1000000)
                loop_timer(fired->loop, &fired->timer, 0, again_at_once, fired);
}

static void a_timer_that_is_always_due_does_not_starve_the_descriptors(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        int count = 0;
        struct fired busy = {.loop = loop, .count = &count};
        struct pipe_watch one;

        (void)state;
        pipe_open(&one, loop, pipe_ready);
        assert_int_equal(write(one.fds[1], "x", 1), 1);
        assert_int_equal(loop_timer(loop, &busy.timer, 0, again_at_once, &busy), 0);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(one.calls, 1);
        assert_true(count < 10);
        pipe_close(&one);
}

static void unset_other(void *context) {
        struct fired **pair = context;

        ++*pair[0]->count;
        loop_timer_unset(pair[0]->loop, &pair[1]->timer);
}

static void a_timer_unset_by_one_that_is_due_does_not_come(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();
        int64_t last = 0;
        int count = 0;
        struct fired one = {.loop = loop, .last = &last, .count = &count}, two = one;
        struct fired *pair[2] = {&one, &two};

        (void)state;
        assert_int_equal(loop_timer(loop, &one.timer, 1, unset_other, pair), 0);
        assert_int_equal(loop_timer(loop, &two.timer, 2, fire, &two), 0);
        run_for(loop, 10);
        assert_int_equal(count, 1);
}

static void a_loop_stopped_before_it_runs_returns_at_once(void **state) {
        _cleanup_(loop_freep) struct loop *loop = loop_open();

        (void)state;
        loop_stop(loop);
        assert_int_equal(loop_run(loop), 0);
        loop_free(NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_ready_descriptor_is_called_with_its_events),
                cmocka_unit_test(other_events_are_waited_for_after_a_rewatch),
                cmocka_unit_test(a_watch_that_was_removed_is_not_called),
                cmocka_unit_test(a_watch_removed_in_the_same_batch_is_not_called),
                cmocka_unit_test(a_watch_set_anew_in_the_same_batch_does_not_get_the_old_event),
                cmocka_unit_test(a_watch_freed_in_the_same_batch_is_not_touched),
                cmocka_unit_test(many_watches_come_and_go),
                cmocka_unit_test(a_descriptor_that_cannot_be_watched_is_an_error),
                cmocka_unit_test(timers_are_due_in_their_order_whatever_order_they_were_set_in),
                cmocka_unit_test(a_timer_comes_once),
                cmocka_unit_test(a_timer_that_is_always_due_does_not_starve_the_descriptors),
                cmocka_unit_test(a_timer_unset_by_one_that_is_due_does_not_come),
                cmocka_unit_test(a_loop_stopped_before_it_runs_returns_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
