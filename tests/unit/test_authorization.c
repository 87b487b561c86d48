/* The Authorization field: each scheme in its spellings, and what is none of them.
 * links: daemon/frontend/authorization.c daemon/frontend/http.c daemon/frontend/target.c */
#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "../../daemon/frontend/authorization.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
        const char *value;
        enum scheme scheme;
        const char *bearer;
} fields[] = {
        {"", SCHEME_NONE, ""},
        {"Peer", SCHEME_PEER, ""},
        {"pEER", SCHEME_PEER, ""},
        {"Bearer abc", SCHEME_BEARER, "abc"},
        {"BEARER a.b-c_d~e+f/g==", SCHEME_BEARER, "a.b-c_d~e+f/g=="},
        {"Bearer", SCHEME_BEARER_BROKEN, ""},
        {"Bearer ", SCHEME_BEARER_BROKEN, ""},
        {"Bearer  abc", SCHEME_BEARER_BROKEN, ""},
        {"Bearer a b", SCHEME_BEARER_BROKEN, ""},
        {"Bearer a,b", SCHEME_BEARER_BROKEN, ""},
        {"Bearer a=b", SCHEME_BEARER_BROKEN, ""},
        {"Bearer ==", SCHEME_BEARER_BROKEN, ""},
        {"Bearer a\"", SCHEME_BEARER_BROKEN, ""},
        {"Bearer \xc3\xa4", SCHEME_BEARER_BROKEN, ""},
        {"Basic Og==", SCHEME_BASIC_EMPTY, ""},
        {"basic Og==", SCHEME_BASIC_EMPTY, ""},
        {"Basic bG9jYWw6", SCHEME_BASIC_EMPTY, ""},
        {"Basic bG9jYWw6eA==", SCHEME_BASIC, ""},
        {"Basic YTpi", SCHEME_BASIC, ""},
        {"Basic", SCHEME_BASIC, ""},
        {"Basic ????", SCHEME_BASIC, ""},
        {"Digest x", SCHEME_OTHER, ""},
        {"Peers", SCHEME_OTHER, ""},
        {"Bearer\tabc", SCHEME_OTHER, ""},
        {" Bearer abc", SCHEME_OTHER, ""},
};

static void each_field_has_its_scheme(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(fields); i++) {
                struct authorization authorization = {0};
                struct fault fault;

                assert_int_equal(
                        authorization_parse(text_of(fields[i].value), &authorization, &fault), 0);
                if (authorization.scheme != fields[i].scheme)
                        print_error("\"%s\"\n", fields[i].value);
                assert_int_equal(authorization.scheme, fields[i].scheme);
                assert_true(text_is(authorization.bearer, text_of(fields[i].bearer)));
        }
}

static void peer_stands_alone(void **state) {
        static const char *const values[] = {"Peer 0", "Peer uid=0", "peer  ", "Peer Bearer abc"};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(values); i++) {
                struct authorization authorization = {0};
                struct fault fault = {0};
                int r = authorization_parse(text_of(values[i]), &authorization, &fault);

                assert_int_equal(r, -EBADMSG);
                assert_int_equal(fault.status, 400);
                assert_int_equal(authorization.scheme, SCHEME_NONE);
        }
}

static void a_token_is_bounded(void **state) {
        static char value[TOKEN_MAX + 16] = "Bearer ";
        struct authorization authorization;
        struct fault fault;

        (void)state;
        memset(value + 7, 'a', TOKEN_MAX + 1);
        assert_int_equal(
                authorization_parse((struct text){value, 7 + TOKEN_MAX}, &authorization, &fault),
                0);
        assert_int_equal(authorization.scheme, SCHEME_BEARER);
        assert_int_equal(
                authorization_parse((struct text){value, 8 + TOKEN_MAX}, &authorization, &fault),
                0);
        assert_int_equal(authorization.scheme, SCHEME_BEARER_BROKEN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_field_has_its_scheme),
                cmocka_unit_test(peer_stands_alone),
                cmocka_unit_test(a_token_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
