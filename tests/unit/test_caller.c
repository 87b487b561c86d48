/* links: daemon/units/caller.c */
/* What a process is called, and which unit it is in: what users name themselves counts for nothing.
 */
#include "../../daemon/units/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

static void the_unit_is_the_first_folder_below_the_slices(void **state) {
        static const struct {
                const char *cgroup, *unit;
        } cases[] = {
                {"0::/system.slice/cron.service\n", "cron.service"},
                {"0::/system.slice/system-a.slice/a@b:c\\x2dd.service\n", "a@b:c\\x2dd.service"},
                {"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope"},
                {"0::/system.slice/a.service/inner\n", "a.service"},
                {"0::/system.slice/a.service/.control\n", "a.service"},
                {"12:pids:/x.service\n0::/system.slice/b.service\n", "b.service"},
                {"0::/x.service", "x.service"},
                {"0::/system.slice/_cpu.service\n", "cpu.service"},
                {"0::/system.slice/__a.service\n", "_a.service"},
        };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_true(
                        text_is(caller_unit_of(text_of(cases[i].cgroup)), text_of(cases[i].unit)));
}

static void what_a_user_names_below_his_own_unit_is_not_looked_at(void **state) {
        static const struct {
                const char *cgroup, *unit;
        } cases[] = {
                {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/grafana.service\n",
                 "user@1000.service"},
                {"0::/user.slice/user-1000.slice/user@1000.service/grafana.service\n",
                 "user@1000.service"},
                {"0::/system.slice/box.service/system.slice/grafana.service\n", "box.service"},
                {"0::/machine.slice/machine-a.scope/payload/system.slice/grafana.service\n",
                 "machine-a.scope"},
        };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_true(
                        text_is(caller_unit_of(text_of(cases[i].cgroup)), text_of(cases[i].unit)));
}

static void what_is_no_unit_is_none(void **state) {
        static const char *const cases[] = {
                "",
                "0::/\n",
                "0::/.service\n",
                "0::/system.slice\n",
                "0::/system.slice/\n",
                "0::/init.scope.d\n",
                "0::/box/grafana.service\n",
                "0::/../../system.slice/grafana.service\n",
                "0::/system.slice/grafana.service (deleted)\n",
                "0::/system.slice/a b.service\n",
                "0::/system.slice/grafana.socket\n",
                "1:name=systemd:/system.slice/grafana.service\n",
                "1:name=systemd0::/forged.service\n",
        };
        size_t i;

        (void)state;
        for (i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(caller_unit_of(text_of(cases[i])).len, 0);
}

static void a_process_is_called_what_it_calls_itself(void **state) {
        char comm[COMM_SIZE];

        (void)state;
        assert_int_equal(prctl(PR_SET_NAME, "a\n\033name", 0, 0, 0), 0);
        caller_comm((uint32_t)getpid(), comm);
        assert_string_equal(comm, "a\n\033name");
}

static void who_is_gone_has_no_name_and_no_unit(void **state) {
        char comm[COMM_SIZE], unit[UNIT_MAX + 1];

        (void)state;
        caller_comm(UINT32_MAX, comm);
        caller_unit(UINT32_MAX, unit);
        assert_string_equal(comm, "");
        assert_string_equal(unit, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_unit_is_the_first_folder_below_the_slices),
                cmocka_unit_test(what_a_user_names_below_his_own_unit_is_not_looked_at),
                cmocka_unit_test(what_is_no_unit_is_none),
                cmocka_unit_test(a_process_is_called_what_it_calls_itself),
                cmocka_unit_test(who_is_gone_has_no_name_and_no_unit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
