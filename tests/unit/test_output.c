/* How times and durations are told to people.
 *
 * links: client/cli/output.c
 * needs: jansson
 * flags: -Wl,--wrap=clock_gettime */
#include "../../client/cli/output.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000)

int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

int __wrap_clock_gettime(clockid_t id, struct timespec *ret) {
        (void)id;
        *ret = (struct timespec){.tv_sec = NOW};
        return 0;
}

/* ---- tests ---- */

static void a_time_is_told_with_how_far_it_is(void **state) {
        static const struct {
                int64_t from_now;
                const char *line;
        } rows[] = {
                {0, "  ends        2023-11-14T22:13:20Z (now)\n"},
                {1, "  ends        2023-11-14T22:13:21Z (in 1 s)\n"},
                {-119, "  ends        2023-11-14T22:11:21Z (119 s ago)\n"},
                {120, "  ends        2023-11-14T22:15:20Z (in 2 min)\n"},
                {-7200, "  ends        2023-11-14T20:13:20Z (2 h ago)\n"},
                {172800, "  ends        2023-11-16T22:13:20Z (in 2 days)\n"},
        };
        FILE *terminal = stdout;
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(freep) char *line = NULL;

                stdout = open_memstream(&line, &len);
                assert_non_null(stdout);
                output_time("ends", NOW + rows[i].from_now);
                fclose(stdout);
                stdout = terminal;
                assert_string_equal(line, rows[i].line);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_time_is_told_with_how_far_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
