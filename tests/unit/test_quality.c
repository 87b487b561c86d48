/* A worker's rules for new passwords: what each complaint is about, and the list.
 *
 * links: daemon/worker/quality.c daemon/worker/blocklist.c daemon/worker/bytes.c
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

static void a_text_of_rules_is_what_the_library_would_read(void **state) {
        struct quality_wrong wrong = {0};
        uint32_t at_least = 0;

        (void)state;
        assert_int_equal(quality_set(TEXT("# a comment\n\n  minlen=10 # and one\n"
                                          "minclass = 3\n\tdictcheck 1\r\nenforce_for_root\n"
                                          "badwords = jeton other\nminlen = 12"),
                                     &wrong),
                         0);
        assert_int_equal(quality_judge(TEXT("a1B2c3D4e5F"), TEXT_NONE, TEXT("alice"), &at_least),
                         COMPLAINT_SHORT);
        assert_int_equal(at_least, 12);
        assert_int_equal(judge("abcdefghklmnopq", ""), COMPLAINT_SIMPLE);
        assert_int_equal(judge("xx-Jeton-7-and-more", ""), COMPLAINT_COMMON);
        assert_int_equal(judge("Elephant-7-and-more", ""), COMPLAINT_NONE);
}

static void a_bad_line_is_named_and_the_rules_so_far_stay(void **state) {
        static const struct {
                const char *text;
                unsigned line;
                const char *about;
        } rows[] = {
                {"minlenn = 8\n", 1, "minlenn: "},
                {"# good\nminlen = 9\nminlen = many\n", 3, "minlen: "},
                {"\n\nminlen\n", 3, "minlen: "},
                {"= 8\n", 1, ": "},
                {"minlen == 8\n", 1, "minlen: "},
        };
        struct quality_wrong wrong;

        (void)state;
        assert_int_equal(quality_set(TEXT("minlen = 12\n"), &wrong), 0);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                wrong = (struct quality_wrong){0};
                assert_int_equal(quality_set(text_of(rows[i].text), &wrong), -EINVAL);
                assert_int_equal(wrong.line, rows[i].line);
                assert_non_null(strstr(wrong.what, rows[i].about));
        }
        assert_int_equal(judge("x1y2z3w4v5u", ""), COMPLAINT_SHORT);
}

static void a_line_that_is_too_long_or_holds_a_nul_is_bad(void **state) {
        static char line[2000];
        struct quality_wrong wrong = {0};

        (void)state;
        memset(line, 'x', sizeof line);
        assert_int_equal(quality_set((struct text){line, sizeof line}, &wrong), -EINVAL);
        memcpy(line, "badwords = ", 11);
        assert_int_equal(quality_set((struct text){line, sizeof line}, &wrong), -EINVAL);
        assert_int_equal(quality_set(TEXT("minlen = 8\0\n"), &wrong), -EINVAL);
        assert_int_equal(quality_set(TEXT("min\0len = 8\n"), &wrong), -EINVAL);
}

static int default_rules(void **state) {
        struct quality_wrong wrong;

        (void)state;
        return quality_set(TEXT_NONE, &wrong);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_complaint_says_what_is_wrong),
                cmocka_unit_test(what_is_too_short_says_how_long_it_must_be),
                cmocka_unit_test(no_dictionary_is_asked),
                cmocka_unit_test(what_is_longer_than_any_password_is_no_good),
                cmocka_unit_test_teardown(a_text_of_rules_is_what_the_library_would_read,
                                          default_rules),
                cmocka_unit_test_teardown(a_bad_line_is_named_and_the_rules_so_far_stay,
                                          default_rules),
                cmocka_unit_test(a_line_that_is_too_long_or_holds_a_nul_is_bad),
                cmocka_unit_test(without_a_list_nothing_is_on_it),
                cmocka_unit_test(a_line_of_the_list_is_found_whatever_its_case),
                cmocka_unit_test(a_list_may_be_empty_and_have_any_bytes),
                cmocka_unit_test(a_list_that_is_too_long_is_refused),
        };

        return cmocka_run_group_tests(tests, default_rules, NULL);
}
