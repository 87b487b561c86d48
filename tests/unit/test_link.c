/* links: daemon/authority/link.c */
/* flags: -Wl,--wrap=sendmsg */
/* A link to a process that is gone: who sends learns it at once, who waited is told later, by the
 * event loop and once. And one to a process that is there, while this one is out of descriptors, or
 * the kernel is. */
#include "../../daemon/authority/authority.h"

#include "../../common/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned breaches, losses;

/* How often the kernel says "too many references" from now on, and how often it was asked. */
static unsigned refusals, sendings;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags) {
        sendings++;
        if (refusals == 0)
                return __real_sendmsg(fd, message, flags);
        refusals--;
        errno = ETOOMANYREFS;
        return -1;
}

void authority_breach(struct authority *authority, enum process process, uint32_t instance) {
        (void)process;
        (void)instance;
        breaches++;
        loop_stop(authority->loop);
}

void authority_give_up(struct authority *authority) {
        loop_stop(authority->loop);
}

static void heard_lost(struct authority *authority, struct link *link) {
        (void)link;
        losses++;
        loop_stop(authority->loop);
}

/* What a call of a frontend's may need: to send elsewhere, and to go on with what the frontend
 * said.
 */
static int hear_and_answer(struct authority *authority, struct link *link, struct frame *frame) {
        struct msg_answer_health answer = {.ok = 1};

        (void)authority;
        assert_int_equal(link_send(link, MSG_ANSWER_HEALTH, frame->call, &answer, -1), -EPIPE);
        assert_int_equal(losses, 0);
        assert_true(text_is(frame->message.ask_me.bearer, TEXT("token")));
        assert_int_equal(link_send(link, MSG_ANSWER_HEALTH, frame->call, &answer, -1), -EPIPE);
        return 0;
}

struct setup {
        struct authority authority;
        struct link link;
        struct channel frontend;
};

static void link_to_frontend(struct setup *setup) {
        int fds[2];

        assert_int_equal(channel_pair(fds), 0);
        assert_int_equal(
                channel_init(&setup->frontend, fds[1], PROCESS_FRONTEND, PROCESS_AUTHORITY, 0), 0);
        assert_int_equal(link_open(&setup->authority, &setup->link, fds[0], PROCESS_FRONTEND, 0,
                                   hear_and_answer, heard_lost),
                         0);
}

static int setup_open(void **state) {
        static struct setup setup;

        setup = (struct setup){.frontend = {.fd = -1}};
        breaches = losses = refusals = sendings = 0;
        assert_int_equal(loop_new(&setup.authority.loop), 0);
        link_to_frontend(&setup);
        *state = &setup;
        return 0;
}

static int setup_close(void **state) {
        struct setup *setup = *state;

        link_close(&setup->link);
        channel_clear(&setup->frontend);
        loop_free(setup->authority.loop);
        return 0;
}

static void a_frame_is_lent_until_it_is_heard_to_the_end(void **state) {
        struct setup *setup = *state;
        struct msg_ask_me ask = {.connection = 1, .bearer = TEXT("token")};

        assert_int_equal(channel_send(&setup->frontend, MSG_ASK_ME, 7, &ask, -1), 0);
        channel_clear(&setup->frontend);
        assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_int_equal(losses, 1);
        assert_false(setup->link.up);
}

static void a_failed_sending_is_followed_by_one_loss(void **state) {
        struct setup *setup = *state;
        struct msg_answer_health answer = {.ok = 1};

        channel_clear(&setup->frontend);
        assert_int_equal(link_send(&setup->link, MSG_ANSWER_HEALTH, 1, &answer, -1), -EPIPE);
        assert_int_equal(losses, 0);
        assert_false(setup->link.up);
        assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_int_equal(losses, 1);
        assert_int_equal(breaches, 0);
}

static void a_new_channel_ends_the_old_one_first(void **state) {
        struct setup *setup = *state;
        struct msg_answer_health answer = {.ok = 1};

        channel_clear(&setup->frontend);
        assert_int_equal(link_send(&setup->link, MSG_ANSWER_HEALTH, 1, &answer, -1), -EPIPE);
        link_to_frontend(setup);
        assert_int_equal(losses, 1);
        assert_int_equal(link_send(&setup->link, MSG_ANSWER_HEALTH, 1, &answer, -1), 0);
        channel_clear(&setup->frontend);
        while (losses < 2)
                assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_false(setup->link.up);
}

static void a_peer_that_does_not_read_is_reported(void **state) {
        struct setup *setup = *state;
        struct msg_answer_health answer = {.ok = 1};
        int r;

        do
                r = link_send(&setup->link, MSG_ANSWER_HEALTH, 1, &answer, -1);
        while (r == 0);
        assert_int_equal(r, -EPIPE);
        assert_int_equal(breaches, 0);
        assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_int_equal(breaches, 1);
        assert_int_equal(losses, 1);
}

/* Whoever is about to end has closed its channel; whoever lives on without one is of no use, and
 * nobody else sees it. */
static void who_closes_and_is_not_replaced_is_reported(void **state) {
        struct setup *setup = *state;
        int64_t before = clock_monotonic_ms();

        channel_clear(&setup->frontend);
        while (losses < 1)
                assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_int_equal(breaches, 0);
        assert_int_equal(loop_run(setup->authority.loop), 0);
        assert_int_equal(breaches, 1);
        assert_true(clock_monotonic_ms() - before >= 1000);
}

static void stop(void *context) {
        loop_stop(context);
}

static void run_for(struct loop *loop, int64_t ms) {
        struct timer end = {.heap_index = 0};

        assert_int_equal(loop_timer(loop, &end, clock_monotonic_ms() + ms, stop, loop), 0);
        assert_int_equal(loop_run(loop), 0);
}

static void who_closes_and_is_replaced_is_not_reported(void **state) {
        struct setup *setup = *state;

        channel_clear(&setup->frontend);
        while (losses < 1)
                assert_int_equal(loop_run(setup->authority.loop), 0);
        link_to_frontend(setup);
        run_for(setup->authority.loop, 2500);
        assert_int_equal(breaches, 0);
        assert_true(setup->link.up);
}

static int connection_send(struct setup *setup) {
        const struct msg_connection message = {.connection = 1};

        return link_send(&setup->link, MSG_CONNECTION, 0, &message, STDERR_FILENO);
}

static void a_full_kernel_is_not_asked_in_circles(void **state) {
        struct setup *setup = *state;
        struct frame frame;

        setup->frontend.phase = PHASE_RUNNING;
        refusals = 1000000;
        assert_int_equal(connection_send(setup), 0);
        assert_int_equal(connection_send(setup), 0);
        run_for(setup->authority.loop, 300);
        assert_in_range(sendings, 2, 40);
        refusals = 0;
        run_for(setup->authority.loop, 100);
        assert_int_equal(channel_receive(&setup->frontend, &frame), 0);
        close(frame.fd);
        assert_int_equal(channel_receive(&setup->frontend, &frame), 0);
        close(frame.fd);
        assert_false(channel_has_queued(&setup->link.channel));
        assert_true(setup->link.up);
}

static void out_of_descriptors_one_frame_is_lost_and_no_link(void **state) {
        struct setup *setup = *state;
        struct msg_answer_health answer = {.ok = 1};
        struct rlimit usual;

        refusals = 1; /* so that the next one has to wait, with a copy of its descriptor */
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, usual.rlim_max}), 0);
        assert_int_equal(connection_send(setup), -EMFILE);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
        assert_true(setup->link.up);
        assert_int_equal(link_send(&setup->link, MSG_ANSWER_HEALTH, 1, &answer, -1), 0);
        run_for(setup->authority.loop, 50);
        assert_int_equal(losses, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup_open, setup_close)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(a_frame_is_lent_until_it_is_heard_to_the_end),
                CASE(a_failed_sending_is_followed_by_one_loss),
                CASE(a_new_channel_ends_the_old_one_first),
                CASE(a_peer_that_does_not_read_is_reported),
                CASE(who_closes_and_is_not_replaced_is_reported),
                CASE(who_closes_and_is_replaced_is_not_reported),
                CASE(a_full_kernel_is_not_asked_in_circles),
                CASE(out_of_descriptors_one_frame_is_lost_and_no_link),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
