/* links: daemon/authority/issuers.c daemon/authority/link.c daemon/authority/budget.c */
/* links: daemon/authority/fair_queue.c */
/* flags: -Wl,--wrap=clock_gettime -Wl,--wrap=epoll_wait */
/* The queue before the issuer process: who is asked about in which turn, and when the process is
 * taken for one that hangs. The clock is the test's: it goes on when nothing is left to be done. */
#include "../../daemon/authority/authority.h"
#include "../../daemon/authority/call.h"

#include "../../common/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>

#include <cmocka.h>

#define CALLS_MAX 24
#define PER_UID   8

/* Whoever takes so long hangs, whatever else there is to wait for. */
#define NEVER_MS (INT64_C(1) << 40)

static struct {
        struct authority authority;
        struct settings settings;
        struct connection connections[CALLS_MAX];
        struct call calls[CALLS_MAX];

        struct channel process; /* its end */
        bool is_asked;
        uint64_t question;    /* the call that it was asked for */
        int64_t answer_at_ms; /* when it answers that */
        int64_t takes_ms;     /* how long it takes for one */

        char heard[256]; /* the calls that were answered, in their order ... */
        uint8_t verdict; /* ... each with this */
        unsigned refused_busy, failed, overdue, breaches;
} it;

static int64_t now_ms;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        (void)clock;
        *ret = (struct timespec){now_ms / 1000, now_ms % 1000 * 1000000};
        return 0;
}

/* ---- the process ---- */

static void process_listen(void) {
        struct frame frame;
        int r = channel_receive(&it.process, &frame);

        if (r == -EAGAIN || r == -ECONNRESET)
                return;
        assert_int_equal(r, 0);
        assert_false(it.is_asked); /* one question at a time */
        it.is_asked = true;
        it.question = frame.call;
        it.answer_at_ms = now_ms + it.takes_ms;
}

static void process_answer(uint64_t call, const struct msg_outside_checked *answer) {
        it.is_asked = false;
        assert_int_equal(channel_send(&it.process, MSG_OUTSIDE_CHECKED, call, answer, -1), 0);
}

static void process_say(uint64_t call, uint8_t verdict) {
        const struct msg_outside_checked answer = {.verdict = verdict};

        process_answer(call, &answer);
}

/* Nothing is left to be done now: whatever is next in time is done then. */
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout) {
        int count = __real_epoll_wait(fd, events, max, 0);
        int64_t due_ms = now_ms + (timeout < 0 ? NEVER_MS - 1 : timeout);

        if (count != 0)
                return count;
        process_listen();
        if (it.is_asked && it.answer_at_ms <= due_ms) {
                now_ms = it.answer_at_ms;
                process_say(it.question, OUTSIDE_SIGNATURE);
        } else if (timeout >= 0) {
                now_ms = due_ms;
        } else {
                loop_stop(it.authority.loop);
        }
        return 0;
}

static void process_join(void) {
        int fds[2];

        assert_int_equal(channel_pair(fds), 0);
        channel_clear(&it.process);
        assert_int_equal(channel_init(&it.process, fds[1], PROCESS_ISSUER, PROCESS_AUTHORITY, 0),
                         0);
        it.process.phase = PHASE_RUNNING;
        it.is_asked = false;
        assert_int_equal(issuers_join(&it.authority, fds[0]), 0);
}

/* ---- the rest of the authority ---- */

void authority_breach(struct authority *authority, enum process process, uint32_t instance) {
        (void)authority;
        (void)process;
        (void)instance;
        it.breaches++;
}

void authority_overdue(struct authority *authority, enum process process, uint32_t instance) {
        assert_int_equal(process, PROCESS_ISSUER);
        assert_int_equal(instance, 0);
        it.overdue++;
        loop_stop(authority->loop);
}

void authority_give_up(struct authority *authority) {
        (void)authority;
        fail();
}

int call_charge_job(const struct call *call, struct budget *budget) {
        const struct budget_limits limits = {budget->size, PER_UID};

        return budget_charge(budget, &limits, call->connection->charged_to) < 0 ? -EBUSY : 0;
}

int call_refuse_busy(struct call *call) {
        (void)call;
        it.refused_busy++;
        return 0;
}

int call_fail(struct call *call, int error) {
        (void)call;
        assert_int_equal(error, -EPIPE);
        it.failed++;
        return 0;
}

static int heard(struct call *call, const struct msg_outside_checked *said) {
        size_t len = strlen(it.heard);

        assert_int_equal(said->verdict, it.verdict);
        snprintf(it.heard + len, sizeof it.heard - len, "%td ", call - it.calls);
        return 0;
}

/* ---- callers ---- */

static void ask(size_t number, uint64_t whose) {
        struct call *call = &it.calls[number];

        it.connections[number].charged_to = whose;
        *call = (struct call){
                .authority = &it.authority,
                .connection = &it.connections[number],
                .settings = &it.settings,
                .serial = number + 1,
                .vouched = heard,
        };
        assert_int_equal(issuers_ask(call, TEXT("a.b.c")), 0);
}

static void run(void) {
        assert_int_equal(loop_run(it.authority.loop), 0);
}

static int begin(void **state) {
        (void)state;
        memset(&it, 0, sizeof it);
        now_ms = 1000000;
        it.process.fd = -1;
        it.takes_ms = 1;
        it.verdict = OUTSIDE_SIGNATURE;
        assert_int_equal(loop_new(&it.authority.loop), 0);
        assert_int_equal(issuers_init(&it.authority.issuers), 0);
        process_join();
        return 0;
}

static int end(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < CALLS_MAX; i++)
                issuers_forget(&it.authority.issuers, &it.calls[i]);
        link_close(&it.authority.issuers.link);
        if (it.authority.issuers.asked)
                it.authority.issuers.link.lost(&it.authority, &it.authority.issuers.link);
        channel_clear(&it.process);
        budget_clear(&it.authority.issuers.budget);
        loop_free(it.authority.loop);
        return 0;
}

/* The first of all is asked about at once, and its owner has nothing in the queue yet. */
static void who_asks_once_waits_for_one_of_each_other(void **state) {
        (void)state;
        for (size_t i = 0; i < 4; i++)
                ask(i, 1000);
        for (size_t i = 4; i < 8; i++)
                ask(i, 1001);
        ask(8, 1002);
        run();
        assert_string_equal(it.heard, "0 1 4 8 2 5 3 6 7 ");
        assert_int_equal(it.authority.issuers.budget.used, 0);
}

static void the_share_of_each_is_bounded(void **state) {
        (void)state;
        it.takes_ms = NEVER_MS;
        for (size_t i = 0; i < PER_UID + 3; i++)
                ask(i, 1000);
        assert_int_equal(it.refused_busy, 3);
        ask(PER_UID + 3, 1001);
        assert_int_equal(it.refused_busy, 3);
        issuers_forget(&it.authority.issuers, &it.calls[PER_UID - 1]);
        ask(PER_UID + 4, 1000);
        assert_int_equal(it.refused_busy, 3);
}

static void one_that_answers_others_does_not_hang(void **state) {
        (void)state;
        it.takes_ms = 3000;
        for (size_t i = 0; i < 6; i++)
                ask(i, 1000);
        run();
        assert_string_equal(it.heard, "0 1 2 3 4 5 ");
        assert_int_equal(now_ms, 1000000 + 18000);
        assert_int_equal(it.overdue, 0);
}

static void one_that_hangs_is_ended_and_its_successor_goes_on(void **state) {
        (void)state;
        it.takes_ms = NEVER_MS;
        for (size_t i = 0; i < 3; i++)
                ask(i, 1000);
        run();
        assert_int_equal(it.overdue, 1);
        assert_int_equal(now_ms, 1000000 + 5000);
        assert_string_equal(it.heard, "");
        it.takes_ms = 1;
        process_join();
        assert_int_equal(it.failed, 1);
        run();
        assert_string_equal(it.heard, "1 2 ");
}

/* Who has left has not taken back what was asked for him: else a process that hangs would be asked
 * again and again. */
static void whose_caller_has_left_is_answered_to_nobody(void **state) {
        (void)state;
        for (size_t i = 0; i < 3; i++)
                ask(i, 1000);
        issuers_forget(&it.authority.issuers, &it.calls[0]);
        issuers_forget(&it.authority.issuers, &it.calls[1]);
        assert_int_equal(it.authority.issuers.budget.used, 2);
        run();
        assert_string_equal(it.heard, "2 ");
        assert_int_equal(it.authority.issuers.budget.used, 0);
        assert_int_equal(it.breaches, 0);
}

static void what_nobody_asked_is_a_broken_rule(void **state) {
        (void)state;
        process_say(1, OUTSIDE_SIGNATURE);
        run();
        assert_int_equal(it.breaches, 1);
        process_join();
        it.takes_ms = NEVER_MS;
        ask(0, 1000);
        process_say(it.calls[0].serial + 1, OUTSIDE_SIGNATURE);
        run();
        assert_int_equal(it.breaches, 2);
        assert_int_equal(it.failed, 1);
        assert_string_equal(it.heard, "");
}

/* ---- what a yes says ---- */

#define NOW_S   INT64_C(1700000000)
#define SLACK_S (60 + 60) /* leeway, and what lies on the way */

static struct msg_outside_checked yes(void) {
        return (struct msg_outside_checked){
                .verdict = OUTSIDE_VALID,
                .issuer = TEXT("https://outside.example"),
                .sub = TEXT("s"),
                .email = TEXT("a@b.example"),
                .issued_at = NOW_S,
                .expires_at = NOW_S + 300,
        };
}

static void answer(const struct msg_outside_checked *said) {
        it.settings.leeway_s = 60;
        it.settings.outside[0] = "https://outside.example";
        it.settings.outside_count = 1;
        it.takes_ms = NEVER_MS;
        now_ms = NOW_S * 1000;
        ask(0, 1000);
        process_listen();
        process_answer(it.calls[0].serial, said);
        run();
}

static void what_is_possible_is_believed(void **state) {
        struct msg_outside_checked said[4];

        (void)state;
        for (size_t i = 0; i < 4; i++)
                said[i] = yes();
        said[1].email = TEXT_NONE;
        said[2].issued_at = said[2].auth_time = NOW_S + SLACK_S;
        said[3].expires_at = NOW_S - SLACK_S + 1;
        said[3].issued_at = said[3].expires_at - OUTSIDE_LIFETIME_MAX_S;
        it.verdict = OUTSIDE_VALID;
        for (size_t i = 0; i < 4; i++)
                answer(&said[i]);
        assert_string_equal(it.heard, "0 0 0 0 ");
        assert_int_equal(it.breaches, 0);
}

static void what_no_good_token_says_is_a_broken_rule(void **state) {
        struct msg_outside_checked said[8];

        (void)state;
        for (size_t i = 0; i < 8; i++)
                said[i] = yes();
        said[0].issued_at = NOW_S + SLACK_S + 1;
        said[1].auth_time = NOW_S + SLACK_S + 1;
        said[2].expires_at = NOW_S - SLACK_S;
        said[3].expires_at = said[3].issued_at + OUTSIDE_LIFETIME_MAX_S + 1;
        said[4].sub = TEXT("s\n");
        said[5].issuer = TEXT("outside.example");
        said[6].email = TEXT("@");
        said[7].verdict = 0x55;
        for (size_t i = 0; i < 8; i++) {
                answer(&said[i]);
                assert_int_equal(it.breaches, i + 1);
                process_join();
        }
        assert_string_equal(it.heard, "");
}

/* The settings may have changed since it was asked. */
static void a_yes_of_an_issuer_who_is_not_believed_is_a_no(void **state) {
        struct msg_outside_checked said = yes();

        (void)state;
        said.issuer = TEXT("https://other.example");
        it.verdict = OUTSIDE_ISSUER;
        answer(&said);
        assert_string_equal(it.heard, "0 ");
        assert_int_equal(it.breaches, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(who_asks_once_waits_for_one_of_each_other),
                CASE(the_share_of_each_is_bounded),
                CASE(one_that_answers_others_does_not_hang),
                CASE(one_that_hangs_is_ended_and_its_successor_goes_on),
                CASE(whose_caller_has_left_is_answered_to_nobody),
                CASE(what_nobody_asked_is_a_broken_rule),
                CASE(what_is_possible_is_believed),
                CASE(what_no_good_token_says_is_a_broken_rule),
                CASE(a_yes_of_an_issuer_who_is_not_believed_is_a_no),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
