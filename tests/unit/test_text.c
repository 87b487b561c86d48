/* Texts are cut at their newlines, and nothing of them is lost. */
#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void lines_are_cut_off_one_by_one(void **state) {
        static const struct {
                struct text text;
                size_t count;
                struct text lines[3];
        } rows[] = {
                {{NULL, 0}, 0, {{NULL, 0}}},
                {{"a", 1}, 1, {{"a", 1}}},
                {{"a\n", 2}, 1, {{"a", 1}}},
                {{"\n", 1}, 1, {{"", 0}}},
                {{"a\n\nbc", 5}, 3, {{"a", 1}, {"", 0}, {"bc", 2}}},
                {{"\0\r\nb\n", 5}, 2, {{"\0\r", 2}, {"b", 1}}},
        };
        size_t i, count;

        (void)state;
        for (i = 0; i < ELEMENTS(rows); i++) {
                struct text line, rest = rows[i].text;

                for (count = 0; text_next_line(&rest, &line); count++) {
                        assert_true(count < rows[i].count);
                        assert_true(text_is(line, rows[i].lines[count]));
                }
                assert_int_equal(count, rows[i].count);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_cut_off_one_by_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
