/* A worker's rules for new passwords: what each complaint is about, and the list.
 *
 * links: daemon/worker/quality.c daemon/worker/blocklist.c
 * needs: pwquality */
#include "../../daemon/worker/blocklist.h"
#include "../../daemon/worker/quality.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static enum complaint judge(const char *password, const char *old) {
        uint32_t at_least = 0;

        return quality_judge(text_of(password), text_of(old), TEXT("alice"), &at_least);
}

static void a_complaint_says_what_is_wrong(void **state) {
        static const struct {
                const char *password, *old;
                enum complaint complaint;
        } rows[] = {
                {"correct horse battery", "", COMPLAINT_NONE},
                {"correct horse battery", "another good one", COMPLAINT_NONE},
                {"x1y2z", "", COMPLAINT_SHORT},
                {"", "", COMPLAINT_SHORT},
                {"xAliCe-7!q", "", COMPLAINT_NAME},
                {"another good one", "another good one", COMPLAINT_SIMILAR},
                {"Another Good One", "another good one", COMPLAINT_SIMILAR},
                {"nother good onea", "another good one", COMPLAINT_SIMILAR},
                {"abcdefedcba", "another good one", COMPLAINT_SIMPLE},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_int_equal(judge(rows[i].password, rows[i].old), rows[i].complaint);
}

static void what_is_too_short_says_how_long_it_must_be(void **state) {
        uint32_t at_least = 0;

        (void)state;
        assert_int_equal(quality_judge(TEXT("x1y2z"), TEXT_NONE, TEXT("alice"), &at_least),
                         COMPLAINT_SHORT);
        assert_int_equal(at_least, 6);
}

/* Nothing may be opened: that is seccomp's to enforce, and this is what it would kill. */
static void no_dictionary_is_asked(void **state) {
        (void)state;
        assert_int_equal(judge("elephant", ""), COMPLAINT_NONE);
}

static void what_is_longer_than_any_password_is_no_good(void **state) {
        char password[600];

        (void)state;
        memset(password, 'x', sizeof password);
        password[sizeof password - 1] = '\0';
        assert_int_equal(judge(password, ""), COMPLAINT_SIMPLE);
}

static int read_list(struct text content) {
        _cleanup_(fclosep) FILE *file = tmpfile();

        assert_non_null(file);
        assert_int_equal(fwrite(content.p, 1, content.len, file), content.len);
        assert_int_equal(fflush(file), 0);
        return blocklist_read(fileno(file));
}

static void without_a_list_nothing_is_on_it(void **state) {
        (void)state;
        assert_false(blocklist_has(TEXT("password")));
        assert_false(blocklist_has(TEXT("")));
}

static void a_line_of_the_list_is_found_whatever_its_case(void **state) {
        (void)state;
        assert_int_equal(read_list(TEXT("letmein12\r\nPassWord1\n\n\nzzz\nqwertyuiop")), 0);
        assert_true(blocklist_has(TEXT("letmein12")));
        assert_true(blocklist_has(TEXT("LetMeIn12")));
        assert_true(blocklist_has(TEXT("password1")));
        assert_true(blocklist_has(TEXT("qwertyuiop")));
        assert_false(blocklist_has(TEXT("qwertyuiopp")));
        assert_false(blocklist_has(TEXT("qwertyuio")));
        assert_false(blocklist_has(TEXT("")));
        assert_false(blocklist_has(TEXT("letmein12\r")));
}

static void a_list_may_be_empty_and_have_any_bytes(void **state) {
        (void)state;
        assert_int_equal(read_list(TEXT("")), 0);
        assert_false(blocklist_has(TEXT("")));
        assert_int_equal(read_list(TEXT("a\0b\n\xff\xfe\n")), 0);
        assert_true(blocklist_has(TEXT("\xff\xfe")));
        assert_false(blocklist_has(TEXT("a")));
}

static void a_list_that_is_too_long_is_refused(void **state) {
        _cleanup_(fclosep) FILE *file = tmpfile();

        (void)state;
        assert_int_equal(ftruncate(fileno(file), BLOCKLIST_MAX + 1), 0);
        assert_int_equal(blocklist_read(fileno(file)), -EFBIG);
}

static int rules_read(void **state) {
        (void)state;
        return quality_prepare();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_complaint_says_what_is_wrong),
                cmocka_unit_test(what_is_too_short_says_how_long_it_must_be),
                cmocka_unit_test(no_dictionary_is_asked),
                cmocka_unit_test(what_is_longer_than_any_password_is_no_good),
                cmocka_unit_test(without_a_list_nothing_is_on_it),
                cmocka_unit_test(a_line_of_the_list_is_found_whatever_its_case),
                cmocka_unit_test(a_list_may_be_empty_and_have_any_bytes),
                cmocka_unit_test(a_list_that_is_too_long_is_refused),
        };

        return cmocka_run_group_tests(tests, rules_read, NULL);
}
