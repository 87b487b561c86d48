/* links: daemon/names/caller.c */
/* What a process is called. */
#include "../../daemon/names/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

static void the_innermost_unit_is_found(void **state) {
        static const struct {
                const char *cgroup, *unit;
        } cases[] = {
                {"0::/system.slice/cron.service\n", "cron.service"},
                {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/shell.service\n",
                 "shell.service"},
                {"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope"},
                {"0::/system.slice/a.service/inner\n", "a.service"},
                {"12:pids:/x.service\n0::/system.slice/b.service\n", "b.service"},
                {"0::/\n", ""},
                {"", ""},
                {"0::/x.service", "x.service"},
                {"0::/.service\n", ""},
                {"1:name=systemd0::/forged.service\n", ""},
        };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_true(text_is(caller_unit(text_of(cases[i].cgroup)), text_of(cases[i].unit)));
}

static void a_process_is_called_what_it_calls_itself(void **state) {
        struct caller caller;

        (void)state;
        assert_int_equal(prctl(PR_SET_NAME, "a\n\033name", 0, 0, 0), 0);
        caller_describe((uint32_t)getpid(), &caller);
        assert_string_equal(caller.comm, "a\n\033name");
}

static void who_is_gone_has_no_name(void **state) {
        struct caller caller;

        (void)state;
        caller_describe(UINT32_MAX, &caller);
        assert_string_equal(caller.comm, "");
        assert_string_equal(caller.unit, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_innermost_unit_is_found),
                cmocka_unit_test(a_process_is_called_what_it_calls_itself),
                cmocka_unit_test(who_is_gone_has_no_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
