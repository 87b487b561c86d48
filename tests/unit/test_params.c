/* Parameters: once each, empty is absent, only audience and resource repeat.
 * links: daemon/frontend/params.c */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int parse(const char *form, struct params *ret, struct fault *fault) {
        static char bytes[1024];

        memcpy(bytes, form, strlen(form));
        *fault = (struct fault){0};
        return params_parse(bytes, strlen(form), ret, fault);
}

static struct params parsed(const char *form) {
        struct params params;
        struct fault fault;

        assert_int_equal(parse(form, &params, &fault), 0);
        return params;
}

static void a_parameter_that_repeats_is_refused(void **state) {
        static const char *const forms[] = {
                "a=1&a=2",        "a=1&b=2&a=1", "a=&a=1", "a&a", "username=a&user%6eame=b",
                "scope=a&scope=b"};
        struct params params;
        struct fault fault;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(forms); i++) {
                assert_int_equal(parse(forms[i], &params, &fault), -EBADMSG);
                assert_int_equal(fault.status, 400);
                assert_string_equal(fault.error, "invalid_request");
        }
}

static void an_empty_parameter_is_absent_but_known(void **state) {
        struct params params = parsed("a=&b=x");

        (void)state;
        assert_int_equal(params_get(&params, "a").len, 0);
        assert_true(params_has(&params, "a"));
        assert_true(text_is(params_get(&params, "b"), TEXT("x")));
        assert_int_equal(params_get(&params, "c").len, 0);
        assert_false(params_has(&params, "c"));
}

static void names_are_compared_to_the_byte(void **state) {
        struct params params = parsed("Username=a&username%00=b");

        (void)state;
        assert_false(params_has(&params, "username"));
}

static void audiences_and_resources_make_one_list(void **state) {
        struct params params = parsed("audience=a&x=y&resource=b&audience=&audience=c");
        struct text list;
        char place[8];

        (void)state;
        assert_int_equal(params_list(&params, "audience", "resource", place, sizeof place, &list),
                         0);
        assert_true(text_is(list, TEXT("a b c")));
}

static void an_audience_with_a_space_is_not_two(void **state) {
        struct params params = parsed("audience=a+b");
        struct text list;
        char place[8];

        (void)state;
        assert_int_equal(params_list(&params, "audience", "resource", place, sizeof place, &list),
                         -EINVAL);
}

static void a_list_is_bounded(void **state) {
        struct params params = parsed("audience=abc&audience=def");
        struct text list;
        char place[8];

        (void)state;
        assert_int_equal(params_list(&params, "audience", "resource", place, 7, &list), 0);
        assert_int_equal(params_list(&params, "audience", "resource", place, 6, &list),
                         -ENAMETOOLONG);
}

static void numbers_are_plain_and_bounded(void **state) {
        static const char *const wrong[] = {
                "n=-1", "n=1001", "n=01", "n=1x", "n=+1", "n=1e2", "n=99999999999999999999999"};
        struct params params = parsed("n=1000");
        unsigned long long number;
        size_t i;

        (void)state;
        assert_int_equal(params_number(&params, "n", 1000, 7, &number), 0);
        assert_int_equal(number, 1000);
        assert_int_equal(params_number(&params, "other", 1000, 7, &number), 0);
        assert_int_equal(number, 7);
        for (i = 0; i < ELEMENTS(wrong); i++) {
                params = parsed(wrong[i]);
                assert_int_equal(params_number(&params, "n", 1000, 7, &number), -EINVAL);
        }
}

static void too_many_and_broken_parameters_are_refused(void **state) {
        struct params params;
        struct fault fault;
        char form[PARAMS_MAX * 4 + 8];
        size_t len = 0;
        int i;

        (void)state;
        for (i = 0; i <= PARAMS_MAX; i++)
                len += (size_t)snprintf(form + len, sizeof form - len, "%d&", i);
        assert_int_equal(parse(form, &params, &fault), -EBADMSG);
        assert_int_equal(fault.status, 400);
        assert_int_equal(parse("a=%f", &params, &fault), -EBADMSG);
        assert_int_equal(fault.status, 400);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_parameter_that_repeats_is_refused),
                cmocka_unit_test(an_empty_parameter_is_absent_but_known),
                cmocka_unit_test(names_are_compared_to_the_byte),
                cmocka_unit_test(audiences_and_resources_make_one_list),
                cmocka_unit_test(an_audience_with_a_space_is_not_two),
                cmocka_unit_test(a_list_is_bounded),
                cmocka_unit_test(numbers_are_plain_and_bounded),
                cmocka_unit_test(too_many_and_broken_parameters_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
