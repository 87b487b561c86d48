/* Forms: split and decoded, broken ones refused, and every value comes back from its encoding. */
#include "../../common/cleanup.h"
#include "../../common/wire/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define FIELDS 4

static int parse(const char *form, struct field fields[FIELDS], size_t *ret_count) {
        static char bytes[256];

        memcpy(bytes, form, strlen(form));
        return form_parse(bytes, strlen(form), fields, FIELDS, ret_count);
}

static void assert_field(const struct field *field, const char *name, const char *value) {
        assert_true(text_is(field->name, text_of(name)));
        assert_true(text_is(field->value, text_of(value)));
}

static void fields_are_split_and_decoded(void **state) {
        struct field fields[FIELDS];
        size_t count;

        (void)state;
        assert_int_equal(parse("a=1&b+c=d%20e&f=%26%3D%c3%A4&g", fields, &count), 0);
        assert_int_equal(count, 4);
        assert_field(&fields[0], "a", "1");
        assert_field(&fields[1], "b c", "d e");
        assert_field(&fields[2], "f", "&=\xc3\xa4");
        assert_field(&fields[3], "g", "");
}

static void only_the_first_sign_separates(void **state) {
        struct field fields[FIELDS];
        size_t count;

        (void)state;
        assert_int_equal(parse("a=b=c&=d", fields, &count), 0);
        assert_int_equal(count, 2);
        assert_field(&fields[0], "a", "b=c");
        assert_field(&fields[1], "", "d");
}

static void nothing_is_no_field(void **state) {
        static const char *const forms[] = {"", "&", "&&&"};
        struct field fields[FIELDS];
        size_t i, count;

        (void)state;
        for (i = 0; i < ELEMENTS(forms); i++) {
                assert_int_equal(parse(forms[i], fields, &count), 0);
                assert_int_equal(count, 0);
        }
        assert_int_equal(form_parse(NULL, 0, fields, FIELDS, &count), 0);
        assert_int_equal(count, 0);
        assert_int_equal(parse("&a=1&&b=2&", fields, &count), 0);
        assert_int_equal(count, 2);
}

static void a_decoded_nul_is_a_byte_like_others(void **state) {
        struct field fields[FIELDS];
        size_t count;

        (void)state;
        assert_int_equal(parse("a=x%00y", fields, &count), 0);
        assert_int_equal(fields[0].value.len, 3);
        assert_memory_equal(fields[0].value.p, "x\0y", 3);
}

static void broken_escapes_are_refused(void **state) {
        static const char *const forms[] = {"a=%", "a=%4", "a=%zz", "%=a", "a=%4&b=1", "a=%%41"};
        struct field fields[FIELDS];
        size_t i, count = 99;

        (void)state;
        for (i = 0; i < ELEMENTS(forms); i++)
                assert_int_equal(parse(forms[i], fields, &count), -EINVAL);
        assert_int_equal(count, 99);
}

static void more_fields_than_room_are_refused(void **state) {
        struct field fields[FIELDS];
        size_t count;

        (void)state;
        assert_int_equal(parse("a&b&c&d", fields, &count), 0);
        assert_int_equal(parse("a&b&c&d&e", fields, &count), -E2BIG);
}

static void every_byte_comes_back_from_its_encoding(void **state) {
        struct field field;
        size_t count, len;
        int byte;

        (void)state;
        for (byte = 0; byte < 256; byte++) {
                char value = (char)byte, encoded[8] = "v=";
                char *end = form_encode((struct text){&value, 1}, encoded + 2);

                len = (size_t)(end - encoded);
                assert_int_equal(len - 2, form_encoded_len((struct text){&value, 1}));
                assert_int_equal(form_parse(encoded, len, &field, 1, &count), 0);
                assert_int_equal(field.value.len, 1);
                assert_int_equal(field.value.p[0], value);
        }
}

static void unreserved_bytes_stay_as_they_are(void **state) {
        char encoded[16];
        char *end = form_encode(TEXT("aZ09-._~ +"), encoded);

        (void)state;
        assert_true(
                text_is((struct text){encoded, (size_t)(end - encoded)}, TEXT("aZ09-._~%20%2B")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fields_are_split_and_decoded),
                cmocka_unit_test(only_the_first_sign_separates),
                cmocka_unit_test(nothing_is_no_field),
                cmocka_unit_test(a_decoded_nul_is_a_byte_like_others),
                cmocka_unit_test(broken_escapes_are_refused),
                cmocka_unit_test(more_fields_than_room_are_refused),
                cmocka_unit_test(every_byte_comes_back_from_its_encoding),
                cmocka_unit_test(unreserved_bytes_stay_as_they_are),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
