/* A reply's bytes: the fields it must have, and those it must not.
 * links: daemon/frontend/response.c */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_bytes(const struct response *response, const char *expected) {
        assert_int_equal(response->len, strlen(expected));
        assert_memory_equal(response->bytes, expected, response->len);
}

static void a_reply_is_one_piece(void **state) {
        _cleanup_(response_clear) struct response response = {0};
        const struct reply reply = {
                .status = 201,
                .cache = CACHE_NEVER,
                .location_user = 7,
                .has_total = true,
                .total = 9,
                .challenge = "Bearer",
                .allow = "GET",
        };
        char *body;

        (void)state;
        assert_int_equal(response_begin(&response, &reply, true, 2, &body), 0);
        memcpy(body, "{}", 2);
        assert_bytes(&response, "HTTP/1.1 201 Created\r\n"
                                "Content-Type: application/json\r\n"
                                "Content-Length: 2\r\n"
                                "Cache-Control: no-store\r\nPragma: no-cache\r\n"
                                "WWW-Authenticate: Bearer\r\n"
                                "Allow: GET\r\n"
                                "Location: /users/7\r\n"
                                "X-Total-Count: 9\r\n"
                                "Connection: close\r\n"
                                "\r\n{}");
}

static void head_has_the_length_but_not_the_body(void **state) {
        _cleanup_(response_clear) struct response response = {0};
        const struct reply reply = {.status = 200, .media_type = "application/jwt"};
        char *body;

        (void)state;
        assert_int_equal(response_begin(&response, &reply, false, 5, &body), 0);
        memcpy(body, "token", 5);
        response_drop_body(&response, 5);
        assert_bytes(&response, "HTTP/1.1 200 OK\r\n"
                                "Content-Type: application/jwt\r\n"
                                "Content-Length: 5\r\n"
                                "\r\n");
}

static void a_route_has_fields_of_its_own(void **state) {
        _cleanup_(response_clear) struct response response = {0};
        char list[3000];
        const struct reply_field fields[] = {
                {"X-Auth-Username", TEXT("alice")},
                {"X-Auth-Scope", TEXT_NONE},
                {"X-Auth-Roles", {list, sizeof list}},
        };
        const struct reply reply = {
                .status = 200,
                .fields = fields,
                .field_count = ELEMENTS(fields),
        };
        char *body;

        (void)state;
        memset(list, 'a', sizeof list);
        assert_int_equal(response_begin(&response, &reply, false, 0, &body), 0);
        assert_non_null(memmem(response.bytes, response.len, "\r\nX-Auth-Username: alice\r\n", 26));
        assert_non_null(memmem(response.bytes, response.len, "\r\nX-Auth-Roles: aaaa", 20));
        assert_null(memmem(response.bytes, response.len, "X-Auth-Scope", 12));
        assert_memory_equal(response.bytes + response.len - 5, "a\r\n\r\n", 5);
}

static void a_value_ends_no_field(void **state) {
        static const char bytes[] = {'\r', '\n', '\0', '\t', 0x1b, 0x7f};
        size_t i;

        (void)state;
        for (i = 0; i < sizeof bytes; i++) {
                const char value[] = {'a', bytes[i], 'b'};
                const struct reply_field field = {"X-Auth-Username", {value, sizeof value}};
                const struct reply reply = {.status = 200, .fields = &field, .field_count = 1};
                struct response response = {0};
                char *body;

                assert_int_equal(response_begin(&response, &reply, false, 0, &body), -EINVAL);
                assert_null(response.bytes);
        }
}

static void who_is_to_try_again_is_told_when(void **state) {
        struct reply reply = {.status = 503};
        struct response response = {0};
        char *body;

        (void)state;
        assert_int_equal(response_begin(&response, &reply, false, 0, &body), 0);
        assert_non_null(memmem(response.bytes, response.len, "\r\nRetry-After: 1\r\n", 18));
        response_clear(&response);
        assert_non_null(
                memmem(response_busy().p, response_busy().len, "\r\nRetry-After: 1\r\n", 18));
}

static void the_busy_reply_tells_its_own_length(void **state) {
        struct text busy = response_busy();
        const char *field, *body;
        size_t length;

        (void)state;
        field = memmem(busy.p, busy.len, "Content-Length: ", 16);
        body = memmem(busy.p, busy.len, "\r\n\r\n", 4);
        assert_true(field && body);
        length = strtoul(field + 16, NULL, 10);
        assert_int_equal(length, busy.len - (size_t)(body + 4 - busy.p));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reply_is_one_piece),
                cmocka_unit_test(head_has_the_length_but_not_the_body),
                cmocka_unit_test(a_route_has_fields_of_its_own),
                cmocka_unit_test(a_value_ends_no_field),
                cmocka_unit_test(who_is_to_try_again_is_told_when),
                cmocka_unit_test(the_busy_reply_tells_its_own_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
