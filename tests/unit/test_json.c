/* JSON bodies: typed members, no others, none twice; and what is written is what was meant.
 * links: daemon/frontend/json.c daemon/frontend/json_read.c daemon/frontend/date.c
 * links: daemon/frontend/time.c daemon/frontend/user.c
 * needs: jansson */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/json.h"
#include "../../daemon/frontend/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { NAME, ROLES, UID, FLAG, MEMBERS };

static const struct json_member members[MEMBERS] = {
        [NAME] = {"name", JSON_KIND_STRING, true, false, "name"},
        [ROLES] = {"roles", JSON_KIND_WORDS, false, false, "roles"},
        [UID] = {"uid", JSON_KIND_UID, false, true, "uid"},
        [FLAG] = {"flag", JSON_KIND_FLAG, false, false, "flag"},
};

static void members_become_values(void **state) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct fault fault;

        (void)state;
        assert_int_equal(json_read(TEXT(" {\"name\": \"\\u00e4\", \"roles\": [\"a\", \"b\"], "
                                        "\"uid\": 4294967294, \"flag\": true} "),
                                   members, MEMBERS, &values, &fault),
                         0);
        assert_true(text_is(values.at[NAME].text, TEXT("\xc3\xa4")));
        assert_true(text_is(values.at[ROLES].text, TEXT("a b")));
        assert_true(values.at[UID].uid == 4294967294u);
        assert_false(values.at[UID].is_null);
        assert_true(values.at[FLAG].flag);
}

static void objects_in_an_array_are_read_one_by_one(void **state) {
        static const struct json_member outer[] = {
                {"users", JSON_KIND_OBJECTS, true, false, "users"},
        };
        _cleanup_(json_values_clear) struct json_values values = {0}, one = {0}, two = {0};
        struct fault fault = {0};

        (void)state;
        assert_int_equal(json_read(TEXT("{\"users\": [{\"name\": \"a\", \"flag\": true}, "
                                        "{\"name\": 1}, {\"name\": \"b\", \"else\": 1}]}"),
                                   outer, 1, &values, &fault),
                         0);
        assert_int_equal(values.at[0].count, 3);
        assert_int_equal(json_read_element(&values, "users", 0, members, MEMBERS, &one, &fault), 0);
        assert_true(text_is(one.at[NAME].text, TEXT("a")));
        assert_true(one.at[FLAG].flag);
        assert_int_equal(json_read_element(&values, "users", 1, members, MEMBERS, &two, &fault),
                         -EBADMSG);
        assert_string_equal(fault.description, "name");
        assert_int_equal(json_read_element(&values, "users", 2, members, MEMBERS, &two, &fault),
                         -EBADMSG);
        assert_null(two.document);
}

static void what_is_no_array_of_objects_is_refused(void **state) {
        static const struct json_member outer[] = {
                {"users", JSON_KIND_OBJECTS, true, false, "users"},
        };
        static const char *const bodies[] = {"{\"users\": {}}", "{\"users\": [1]}",
                                             "{\"users\": [{}, []]}", "{\"users\": null}"};
        size_t i;

        (void)state;
        for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
                struct json_values values;
                struct fault fault;

                assert_int_equal(json_read(text_of(bodies[i]), outer, 1, &values, &fault),
                                 -EBADMSG);
        }
}

static void an_array_has_so_many_objects_and_no_more(void **state) {
        static const struct json_member outer[] = {
                {"users", JSON_KIND_OBJECTS, true, false, "users"},
        };
        static char body[4 * JSON_OBJECTS_MAX];
        size_t i, len = (size_t)sprintf(body, "{\"users\":[{}");
        int more;

        (void)state;
        for (i = 1; i < JSON_OBJECTS_MAX; i++)
                len += (size_t)sprintf(body + len, ",{}");
        for (more = 0; more < 2; more++) {
                _cleanup_(json_values_clear) struct json_values values = {0};
                struct fault fault;

                memcpy(body + len, "]}", 2);
                assert_int_equal(json_read((struct text){body, len + 2}, outer, 1, &values, &fault),
                                 more ? -EBADMSG : 0);
                assert_int_equal(values.at[0].count, more ? 0 : JSON_OBJECTS_MAX);
                len += (size_t)sprintf(body + len, ",{}");
        }
}

static void null_and_absent_are_different(void **state) {
        _cleanup_(json_values_clear) struct json_values with = {0}, without = {0};
        struct fault fault;

        (void)state;
        assert_int_equal(
                json_read(TEXT("{\"name\":\"\",\"uid\":null}"), members, MEMBERS, &with, &fault),
                0);
        assert_true(with.at[UID].is_present && with.at[UID].is_null);
        assert_int_equal(json_read(TEXT("{\"name\":\"\"}"), members, MEMBERS, &without, &fault), 0);
        assert_false(without.at[UID].is_present);
}

static const char *const refused[] = {
        "",
        "null",
        "[]",
        "\"name\"",
        "{",
        "{\"name\":\"a\"",
        "{\"name\":\"a\"} x",
        "{\"name\":\"a\",}",
        "{'name':'a'}",
        "{\"uid\":1}",
        "{\"name\":null}",
        "{\"name\":1}",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\",\"n\\u0061me\":\"b\"}",
        "{\"name\":\"a\",\"other\":1}",
        "{\"name\":\"a\\u0000b\"}",
        "{\"name\":\"\xff\"}",
        "{\"name\":\"\xed\xa0\x80\"}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":\"a\",\"uid\":-1}",
        "{\"name\":\"a\",\"uid\":4294967295}",
        "{\"name\":\"a\",\"uid\":4294967296}",
        "{\"name\":\"a\",\"uid\":99999999999999999999}",
        "{\"name\":\"a\",\"uid\":1.0}",
        "{\"name\":\"a\",\"uid\":\"1\"}",
        "{\"name\":\"a\",\"uid\":true}",
        "{\"name\":\"a\",\"flag\":1}",
        "{\"name\":\"a\",\"flag\":null}",
        "{\"name\":\"a\",\"roles\":\"a\"}",
        "{\"name\":\"a\",\"roles\":[1]}",
        "{\"name\":\"a\",\"roles\":[\"\"]}",
        "{\"name\":\"a\",\"roles\":[\"a b\"]}",
        "{\"name\":\"a\",\"roles\":[\"a\\u0000\"]}",
        "{\"name\":\"a\",\"roles\":null}",
};

static void other_bodies_are_refused(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(refused); i++) {
                struct json_values values = {0};
                struct fault fault = {0};
                int r = json_read(text_of(refused[i]), members, MEMBERS, &values, &fault);

                if (r != -EBADMSG)
                        print_error("taken: %s\n", refused[i]);
                assert_int_equal(r, -EBADMSG);
                assert_int_equal(fault.status, 400);
                assert_null(values.document);
        }
}

static void depth_is_bounded_before_the_parser_sees_it(void **state) {
        static char deep[60000];
        struct json_values values = {0};
        struct fault fault = {0};

        (void)state;
        memset(deep, '[', sizeof deep);
        assert_int_equal(
                json_read((struct text){deep, sizeof deep}, members, MEMBERS, &values, &fault),
                -EBADMSG);
        assert_string_equal(fault.description, "the body is nested too deeply");
}

static void brackets_in_a_string_are_not_depth(void **state) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct fault fault;

        (void)state;
        assert_int_equal(json_read(TEXT("{\"name\":\"[[[[[[[[[[[[\\\"{{{{{{{\"}"), members, MEMBERS,
                                   &values, &fault),
                         0);
}

static void assert_written(const struct json *json, const char *expected) {
        char text[512];
        size_t len = json_len(json);

        assert_true(len > 0 && len < sizeof text);
        json_write(json, text, len);
        text[len] = '\0';
        assert_string_equal(text, expected);
}

static void what_is_written_is_what_was_meant(void **state) {
        _cleanup_(json_clear) struct json json;

        (void)state;
        json_begin_object(&json);
        json_add_text(&json, "t", TEXT("a\"\\\n"));
        json_add_text_or_null(&json, "n", TEXT_NONE);
        json_add_text_if_any(&json, "x", TEXT_NONE);
        json_add_number(&json, "i", -7);
        json_add_flag(&json, "f", false);
        json_add_words(&json, "w", TEXT("a b"));
        json_add_words(&json, "e", TEXT_NONE);
        assert_written(&json, "{\"t\":\"a\\\"\\\\\\n\",\"n\":null,\"i\":-7,\"f\":false,"
                              "\"w\":[\"a\",\"b\"],\"e\":[]}");
}

static void an_invalid_text_makes_the_whole_reply_fail(void **state) {
        _cleanup_(json_clear) struct json array, object;

        (void)state;
        json_begin_object(&object);
        json_add_text(&object, "t", TEXT("\xff"));
        json_begin_array(&array);
        json_append(&array, &object);
        assert_int_equal(json_len(&array), 0);
}

static void a_user_is_shown_whole(void **state) {
        const struct msg_answer_user user = {
                .id = 12,
                .username = TEXT("alice"),
                .email = TEXT("a@example.org"),
                .roles = TEXT("staff admin"),
                .has_uid = 1,
                .uid = 4000000000u,
                .created_at = 951782400, /* 29 February 2000 */
        };
        _cleanup_(json_clear) struct json json;

        (void)state;
        user_to_json(&user, &json);
        assert_written(&json,
                       "{\"id\":12,\"username\":\"alice\",\"full_name\":null,"
                       "\"email\":\"a@example.org\",\"roles\":[\"staff\",\"admin\"],"
                       "\"disabled\":false,\"must_change_password\":false,\"uid\":4000000000,"
                       "\"created_at\":\"2000-02-29T00:00:00Z\",\"expires_at\":null}");
}

static const struct {
        int64_t seconds;
        const char *text;
} times[] = {
        {0, "\"1970-01-01T00:00:00Z\""},
        {68169599, "\"1972-02-28T23:59:59Z\""},
        {1709251199, "\"2024-02-29T23:59:59Z\""},
        {1709251200, "\"2024-03-01T00:00:00Z\""},
        {4107542400, "\"2100-03-01T00:00:00Z\""},
        {253402300799, "\"9999-12-31T23:59:59Z\""},
        {253402300800, "null"},
        {-1, "null"},
};

static void moments_are_rfc_3339(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(times); i++) {
                const struct msg_answer_user user = {.created_at = times[i].seconds};
                _cleanup_(json_clear) struct json json;
                char text[512];
                size_t len;

                user_to_json(&user, &json);
                len = json_len(&json);
                json_write(&json, text, len);
                text[len] = '\0';
                assert_non_null(strstr(text, times[i].text));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_become_values),
                cmocka_unit_test(objects_in_an_array_are_read_one_by_one),
                cmocka_unit_test(what_is_no_array_of_objects_is_refused),
                cmocka_unit_test(an_array_has_so_many_objects_and_no_more),
                cmocka_unit_test(null_and_absent_are_different),
                cmocka_unit_test(other_bodies_are_refused),
                cmocka_unit_test(depth_is_bounded_before_the_parser_sees_it),
                cmocka_unit_test(brackets_in_a_string_are_not_depth),
                cmocka_unit_test(what_is_written_is_what_was_meant),
                cmocka_unit_test(an_invalid_text_makes_the_whole_reply_fail),
                cmocka_unit_test(a_user_is_shown_whole),
                cmocka_unit_test(moments_are_rfc_3339),
        };

        json_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
