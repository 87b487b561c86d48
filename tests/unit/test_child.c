/* A child's beginning: what it gives up, what it takes from the parent, and that it ends when the
 * parent does not do its part. Each test begins a process of its own. */
#include "../../common/cleanup.h"
#include "../../daemon/privsep/child.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define FAILED 99

/* The parent's end, and the process at the other. Its log goes nowhere. */
struct subject {
        pid_t pid;
        struct channel control;
};

static void subject_start(struct subject *subject, int (*life)(void)) {
        int fds[2];

        assert_int_equal(channel_pair(fds), 0);
        subject->pid = fork();
        assert_true(subject->pid >= 0);
        if (subject->pid == 0) {
                int null = open("/dev/null", O_WRONLY);

                if (dup2(null, STDERR_FILENO) < 0 || dup2(fds[1], CONTROL_FD) < 0)
                        _exit(FAILED);
                closefrom(CONTROL_FD + 1);
                _exit(life());
        }
        close(fds[1]);
        assert_int_equal(channel_init(&subject->control, fds[0], PROCESS_PARENT, PROCESS_WORKER, 0),
                         0);
}

static int subject_end(struct subject *subject) {
        int status = -1;

        assert_int_equal(waitpid(subject->pid, &status, 0), subject->pid);
        channel_clear(&subject->control);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void give(struct subject *subject, enum descriptor what) {
        struct msg_descriptor descriptor = {.what = (uint8_t)what};
        int fd = memfd_create("given", MFD_CLOEXEC);

        assert_int_equal(channel_send(&subject->control, MSG_DESCRIPTOR, 0, &descriptor, fd), 0);
        close(fd);
}

static void say_go(struct subject *subject) {
        assert_int_equal(channel_send(&subject->control, MSG_GO, 0, &(struct msg_go){0}, -1), 0);
}

/* ---- lives: 0 when all is as it should be ---- */

static int begins_and_has_given_up(void) {
        struct channel control;
        struct rlimit core;
        struct sigaction on_pipe;

        if (child_begin("subject", PROCESS_WORKER, &control) < 0)
                return 1;
        if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return 2;
        if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
                return 3;
        if (sigaction(SIGPIPE, NULL, &on_pipe) < 0 || on_pipe.sa_handler != SIG_IGN)
                return 4;
        if (umask(0) != 077 || fcntl(CONTROL_FD, F_GETFD) != FD_CLOEXEC)
                return 5;
        return fcntl(CONTROL_FD, F_GETFL) & O_NONBLOCK ? 0 : 6;
}

static int seen;

static int count_and_leave(void *context, struct frame *frame) {
        (void)context;
        (void)frame;
        seen++;
        return 0;
}

static int is_set_up(void) {
        struct channel control;
        int filter = -1, r;

        if (child_begin("subject", PROCESS_WORKER, &control) < 0)
                return 1;
        r = child_setup_until_go(&control, count_and_leave, NULL, &filter);
        if (r < 0)
                return -r;
        if (seen != 1 || control.phase != PHASE_RUNNING)
                return 2;
        /* The filter was kept, the other descriptor was left and closed. */
        return filter >= 0 && fcntl(filter + 1, F_GETFD) < 0 ? 0 : 3;
}

static int refuse(void *context, struct frame *frame) {
        (void)context;
        (void)frame;
        return -EXDEV;
}

static int refuses_its_setup(void) {
        struct channel control;
        int filter = -1;

        if (child_begin("subject", PROCESS_WORKER, &control) < 0)
                return 1;
        return -child_setup_until_go(&control, refuse, NULL, &filter);
}

static int begins_on_a_pipe(void) {
        struct channel control;
        int fds[2];

        if (pipe(fds) < 0 || dup2(fds[0], CONTROL_FD) < 0)
                return FAILED;
        return -child_begin("subject", PROCESS_WORKER, &control);
}

/* ---- tests ---- */

static void a_child_gives_up_what_it_never_needs(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, begins_and_has_given_up);
        assert_int_equal(subject_end(&subject), 0);
}

static void the_setup_ends_with_go_and_the_filter_is_kept(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, is_set_up);
        give(&subject, DESCRIPTOR_FILTER);
        give(&subject, DESCRIPTOR_CHANNEL);
        say_go(&subject);
        assert_int_equal(subject_end(&subject), 0);
}

static void a_second_filter_is_a_breach(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, is_set_up);
        give(&subject, DESCRIPTOR_FILTER);
        give(&subject, DESCRIPTOR_FILTER);
        assert_int_equal(subject_end(&subject), EPROTO);
}

static void a_child_whose_parent_leaves_in_the_setup_ends(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, is_set_up);
        channel_clear(&subject.control);
        assert_int_equal(subject_end(&subject), ECONNRESET);
}

static void a_child_that_refuses_its_setup_ends(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, refuses_its_setup);
        give(&subject, DESCRIPTOR_CHANNEL);
        assert_int_equal(subject_end(&subject), EXDEV);
}

static void a_child_that_nobody_set_up_does_not_begin(void **state) {
        struct subject subject;

        (void)state;
        subject_start(&subject, begins_on_a_pipe);
        assert_int_equal(subject_end(&subject), ENOTSOCK);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_child_gives_up_what_it_never_needs),
                cmocka_unit_test(the_setup_ends_with_go_and_the_filter_is_kept),
                cmocka_unit_test(a_second_filter_is_a_breach),
                cmocka_unit_test(a_child_whose_parent_leaves_in_the_setup_ends),
                cmocka_unit_test(a_child_that_refuses_its_setup_ends),
                cmocka_unit_test(a_child_that_nobody_set_up_does_not_begin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
