/* POST /import/users in the frontend: nothing of the body is looked at before the authority has
 * said that its caller may import, and no more rows than a request may have.
 *
 * links: daemon/frontend/user_import.c daemon/frontend/json.c daemon/frontend/json_read.c
 * daemon/frontend/date.c daemon/frontend/time.c needs: jansson */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/call.h"
#include "../../daemon/frontend/request.h"
#include "../../daemon/frontend/routes.h"
#include "../../daemon/frontend/user_import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct exchange *asked;
static struct msg_ask_user_import ask;
static size_t replied; /* rows */
static bool is_replied;

int call_ask(struct request *request, const struct exchange *exchange, const void *message) {
        (void)request;
        asked = exchange;
        ask = *(const struct msg_ask_user_import *)message;
        return 0;
}

int request_refuse(struct request *request, uint16_t status, const char *error,
                   const char *description) {
        return fault_set(&request->fault, status, error, description);
}

int request_reply_json(struct request *request, const struct reply *reply,
                       const struct json *body) {
        (void)request;
        assert_int_equal(reply->status, 200);
        replied = json_count(body);
        is_replied = true;
        return 0;
}

static void request_make(struct request *ret, char *body, size_t len) {
        *ret = (struct request){
                .number = 9,
                .authorization = {.scheme = SCHEME_PEER},
                .body = body,
                .body_len = len,
        };
        asked = NULL;
        is_replied = false;
}

static void request_end(struct request *request) {
        user_import_free(take(request->import));
        json_clear(&request->list);
}

static int go_on(struct request *request) {
        const union message end = {.answer_users_end = {.total = 0}};

        assert_non_null(asked);
        return asked->finish(request, &end);
}

static void assert_asks_with_nothing(const struct request *request) {
        assert_non_null(asked);
        assert_int_equal(asked->ask, MSG_ASK_USER_IMPORT);
        assert_int_equal(ask.connection, 9);
        assert_int_equal(ask.credential, CREDENTIAL_PEER);
        assert_int_equal(ask.rows.len, 0);
        assert_true(ask.dry_run); /* and no commit for nobody */
        assert_null(request->import);
        assert_null(request->list.value);
}

/* A body of so many broken rows. */
static size_t body_write(size_t rows, char *ret) {
        size_t i, len = (size_t)sprintf(ret, "{\"users\":[");

        for (i = 0; i < rows; i++)
                len += (size_t)sprintf(ret + len, i > 0 ? ",{}" : "{}");
        return len + (size_t)sprintf(ret + len, "]}");
}

static void a_body_is_not_read_before_its_caller_is_known_to_be_one_who_may(void **state) {
        char body[] = "{\"users\": no JSON";
        struct request request;

        (void)state;
        request_make(&request, body, sizeof body - 1);
        assert_int_equal(user_import_begin(&request), 0);
        assert_asks_with_nothing(&request);
        assert_int_equal(go_on(&request), -EBADMSG);
        assert_int_equal(request.fault.status, 400);
        request_end(&request);
}

static void as_many_rows_as_may_be_are_answered(void **state) {
        static char body[8192];
        struct request request;

        (void)state;
        request_make(&request, body, body_write(JSON_OBJECTS_MAX, body));
        assert_int_equal(user_import_begin(&request), 0);
        assert_asks_with_nothing(&request);
        assert_int_equal(go_on(&request), 0);
        assert_true(is_replied);
        assert_int_equal(replied, JSON_OBJECTS_MAX);
        request_end(&request);
}

static void one_more_is_refused_before_any_is_looked_at(void **state) {
        static char body[8192];
        struct request request;

        (void)state;
        request_make(&request, body, body_write(JSON_OBJECTS_MAX + 1, body));
        assert_int_equal(user_import_begin(&request), 0);
        assert_int_equal(go_on(&request), -EBADMSG);
        assert_int_equal(request.fault.status, 400);
        assert_non_null(strstr(request.fault.description, "1000"));
        assert_null(request.list.value);
        request_end(&request);
}

static void a_row_is_asked_about_as_the_body_says(void **state) {
        char body[] = "{\"users\": [{\"username\": \"anna\"}], \"allow_account_names\": true}";
        struct request request;

        (void)state;
        request_make(&request, body, sizeof body - 1);
        assert_int_equal(user_import_begin(&request), 0);
        assert_asks_with_nothing(&request);
        assert_int_equal(go_on(&request), 0);
        assert_false(is_replied);
        assert_true(ask.rows.len > 0);
        assert_true(ask.allow_account_names);
        assert_false(ask.dry_run);
        request_end(&request);
}

static void a_token_asks_nobody(void **state) {
        struct request request;

        (void)state;
        request_make(&request, NULL, 0);
        request.authorization.scheme = SCHEME_BEARER;
        assert_int_equal(user_import_begin(&request), -EBADMSG);
        assert_int_equal(request.fault.status, 401);
        assert_null(asked);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_body_is_not_read_before_its_caller_is_known_to_be_one_who_may),
                cmocka_unit_test(as_many_rows_as_may_be_are_answered),
                cmocka_unit_test(one_more_is_refused_before_any_is_looked_at),
                cmocka_unit_test(a_row_is_asked_about_as_the_body_says),
                cmocka_unit_test(a_token_asks_nobody),
        };

        json_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
