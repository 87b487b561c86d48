/* RFC 3339 times against the C library's calendar, and what is no time at all.
 *
 * links: daemon/frontend/date.c */
#include "../../daemon/frontend/date.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#define DAY 86400

static void every_day_of_500_years_is_the_librarys(void **state) {
        int64_t day;

        (void)state;
        for (day = 1; day < 500 * 366; day++) {
                time_t seconds = day * DAY - 1;
                char written[DATE_SIZE], expected[64];
                int64_t read = 0;
                struct tm tm;

                gmtime_r(&seconds, &tm);
                strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
                assert_true(date_write(seconds, written));
                assert_string_equal(written, expected);
                assert_int_equal(date_read(text_of(written), &read), 0);
                assert_int_equal(read, seconds);
        }
}

static void the_bounds_are_1970_and_9999(void **state) {
        char written[DATE_SIZE] = "untouched";
        int64_t read = 7;

        (void)state;
        assert_false(date_write(-1, written));
        assert_false(date_write(INT64_C(253402300800), written));
        assert_string_equal(written, "untouched");
        assert_true(date_write(INT64_C(253402300799), written));
        assert_string_equal(written, "9999-12-31T23:59:59Z");
        assert_int_equal(date_read(TEXT("1969-12-31T23:59:59Z"), &read), -EINVAL);
        assert_int_equal(date_read(TEXT("0000-01-01T00:00:00Z"), &read), -EINVAL);
        assert_int_equal(read, 7);
}

static const char *const broken[] = {
        "",
        "2026-01-31",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.5Z",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:0aZ",
        "+026-01-01T00:00:00Z",
};

static void what_no_calendar_has_is_refused(void **state) {
        int64_t read = 7;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(broken); i++)
                assert_int_equal(date_read(text_of(broken[i]), &read), -EINVAL);
        assert_int_equal(date_read(TEXT("2026-01-01T00:00:0\0Z"), &read), -EINVAL);
        assert_int_equal(read, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_day_of_500_years_is_the_librarys),
                cmocka_unit_test(the_bounds_are_1970_and_9999),
                cmocka_unit_test(what_no_calendar_has_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
