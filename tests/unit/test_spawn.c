/* What every child is given, whoever it is.
 *
 * links: daemon/parent/spawn.c */
#include "../../daemon/parent/spawn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* The end that a shell's programs have; the other one must stay open for as long. */
static int terminal_open(int *ret_other) {
        int other = posix_openpt(O_RDWR | O_NOCTTY), fd;

        assert_true(other >= 0);
        assert_int_equal(grantpt(other), 0);
        assert_int_equal(unlockpt(other), 0);
        fd = open(ptsname(other), O_RDWR | O_NOCTTY);
        assert_true(fd >= 0);
        *ret_other = other;
        return fd;
}

/* The flags that standard error has after spawn_init(), when it was `fd` before. */
static int flags_with(int fd) {
        int saved = dup(STDERR_FILENO), flags, r;

        assert_true(saved >= 0);
        assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
        r = spawn_init();
        flags = fcntl(STDERR_FILENO, F_GETFL);
        dup2(saved, STDERR_FILENO);
        close(saved);
        close(fd);
        assert_int_equal(r, 0);
        return flags;
}

static void nobody_reads_the_terminal_that_errors_go_to(void **state) {
        int other, fd = terminal_open(&other);

        (void)state;
        assert_int_equal(flags_with(fd) & O_ACCMODE, O_WRONLY);
        close(other);
}

static void what_is_no_terminal_is_handed_on_as_it_is(void **state) {
        (void)state;
        assert_int_equal(flags_with(open("/dev/null", O_RDWR)) & O_ACCMODE, O_RDWR);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_reads_the_terminal_that_errors_go_to),
                cmocka_unit_test(what_is_no_terminal_is_handed_on_as_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
