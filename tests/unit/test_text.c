/* Texts are cut at their newlines and blanks, and nothing else of them is lost. */
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

static void blanks_are_cut_off_at_the_ends_alone(void **state) {
        static const struct {
                struct text text, trimmed;
        } rows[] = {
                {{NULL, 0}, {NULL, 0}},           {{"", 0}, {"", 0}},
                {{" \t ", 3}, {"", 0}},           {{"a", 1}, {"a", 1}},
                {{" a\t b\t ", 7}, {"a\t b", 4}}, {{"\0 ", 2}, {"\0", 1}},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(rows); i++)
                assert_true(text_is(text_trim(rows[i].text, TEXT(" \t")), rows[i].trimmed));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_cut_off_one_by_one),
                cmocka_unit_test(blanks_are_cut_off_at_the_ends_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
