/* The table of routes: which request finds which row, in which class of caller.
 * links: daemon/frontend/routes.c */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* The rows' functions are not what is tested here: each only has to be a function of its own. */
static unsigned calls;
#define ROUTE(name)                                 \
        int name##_begin(struct request *request) { \
                (void)request;                      \
                calls++;                            \
                return 0;                           \
        }
ROUTE(token)
ROUTE(introspect)
ROUTE(auth)
ROUTE(revoke)
ROUTE(revocation)
ROUTE(session_list)
ROUTE(session_end)
ROUTE(me)
ROUTE(userinfo)
ROUTE(metrics)
ROUTE(user_add)
ROUTE(user_list)
ROUTE(user_show)
ROUTE(user_change)
ROUTE(user_replace)
ROUTE(user_remove)
ROUTE(user_unlock)
ROUTE(user_import)
ROUTE(link_list)
ROUTE(link_add)
ROUTE(link_remove)
ROUTE(profile_change)
ROUTE(password_change)
ROUTE(client_list)
ROUTE(client_add)
ROUTE(client_show)
ROUTE(client_delete)
ROUTE(client_change)
ROUTE(client_secret)
ROUTE(policy_test)
ROUTE(pam_auth)
ROUTE(pam_account)
ROUTE(pam_session)
ROUTE(pam_close)
ROUTE(login_code)
ROUTE(pam_password)
ROUTE(pam_check)
ROUTE(jwks)
ROUTE(metadata)
ROUTE(health)
ROUTE(openapi)
ROUTE(docs)
ROUTE(key_list)
ROUTE(key_rotate)
ROUTE(key_drop)

#define ALL   0x7
#define LOCAL 0x3

static const struct {
        const char *method, *path;
        unsigned classes; /* where it is known; elsewhere 404 */
        int (*begin)(struct request *request);
        const char *parameter;
} expected[] = {
        {"POST", "/token", ALL, token_begin, ""},
        {"POST", "/introspect", ALL, introspect_begin, ""},
        {"GET", "/auth", ALL, auth_begin, ""},
        {"POST", "/revoke", ALL, revoke_begin, ""},
        {"POST", "/revocations", ALL, revocation_begin, ""},
        {"GET", "/sessions", ALL, session_list_begin, ""},
        {"DELETE", "/sessions/AAAA", ALL, session_end_begin, "AAAA"},
        {"GET", "/users/me", ALL, me_begin, ""},
        {"HEAD", "/users/me", ALL, me_begin, ""},
        {"GET", "/userinfo", ALL, userinfo_begin, ""},
        {"GET", "/users/alice/links", ALL, link_list_begin, "alice"},
        {"POST", "/users/alice/links", ALL, link_add_begin, "alice"},
        {"DELETE", "/users/alice/links", ALL, link_remove_begin, "alice"},
        {"GET", "/users", ALL, user_list_begin, ""},
        {"POST", "/users", ALL, user_add_begin, ""},
        {"GET", "/users/7", ALL, user_show_begin, "7"},
        {"HEAD", "/users/alice", ALL, user_show_begin, "alice"},
        {"GET", "/users/mex", ALL, user_show_begin, "mex"},
        {"PATCH", "/users/alice", ALL, user_change_begin, "alice"},
        {"PUT", "/users/alice", ALL, user_replace_begin, "alice"},
        {"DELETE", "/users/alice", ALL, user_remove_begin, "alice"},
        {"POST", "/users/alice/unlock", ALL, user_unlock_begin, "alice"},
        {"POST", "/import/users", LOCAL, user_import_begin, ""},
        {"PATCH", "/users/me", ALL, profile_change_begin, ""},
        {"PUT", "/users/me/password", ALL, password_change_begin, ""},
        {"GET", "/keys", ALL, key_list_begin, ""},
        {"POST", "/keys/rotate", ALL, key_rotate_begin, ""},
        {"DELETE", "/keys/abc", ALL, key_drop_begin, "abc"},
        {"GET", "/clients", ALL, client_list_begin, ""},
        {"POST", "/clients", ALL, client_add_begin, ""},
        {"GET", "/clients/web", ALL, client_show_begin, "web"},
        {"DELETE", "/clients/web", ALL, client_delete_begin, "web"},
        {"PATCH", "/clients/web", ALL, client_change_begin, "web"},
        {"POST", "/clients/web/secret", ALL, client_secret_begin, "web"},
        {"POST", "/policy/test", ALL, policy_test_begin, ""},
        {"POST", "/pam/auth", LOCAL, pam_auth_begin, ""},
        {"POST", "/pam/account", LOCAL, pam_account_begin, ""},
        {"POST", "/pam/session", LOCAL, pam_session_begin, ""},
        {"POST", "/pam/password", LOCAL, pam_password_begin, ""},
        {"POST", "/pam/password/check", LOCAL, pam_check_begin, ""},
        {"POST", "/pam/session/close", LOCAL, pam_close_begin, ""},
        {"POST", "/login-codes", LOCAL, login_code_begin, ""},
        {"GET", "/health", ALL, health_begin, ""},
        {"GET", "/openapi.json", ALL, openapi_begin, ""},
        {"GET", "/docs", ALL, docs_begin, ""},
        {"GET", "/.well-known/jwks.json", ALL, jwks_begin, ""},
        {"GET", "/.well-known/oauth-authorization-server", ALL, metadata_begin, ""},
        {"GET", "/.well-known/oauth-authorization-server/a/b", ALL, metadata_begin, "a/b"},
        {"GET", "/.well-known/openid-configuration", ALL, metadata_begin, ""},
};

static void each_request_finds_its_row(void **state) {
        size_t i;
        int class;

        (void)state;
        for (i = 0; i < ELEMENTS(expected); i++)
                for (class = 0; class < CLASS_COUNT; class ++) {
                        const struct route *route = NULL;
                        struct text parameter = TEXT_NONE;
                        struct fault fault = {0};
                        int r = route_find(text_of(expected[i].method), text_of(expected[i].path),
                                           (enum caller_class) class, &route, &parameter, &fault);

                        if (!(expected[i].classes & 1u << class)) {
                                assert_int_equal(r, -EBADMSG);
                                assert_int_equal(fault.status, 404);
                                continue;
                        }
                        assert_int_equal(r, 0);
                        assert_ptr_equal(route->begin, expected[i].begin);
                        assert_true(text_is(parameter, text_of(expected[i].parameter)));
                }
}

/* A row that another one hides would never be found. */
static void every_row_is_reachable(void **state) {
        const struct route *rows, *found;
        struct text parameter;
        struct fault fault;
        size_t i, count;

        (void)state;
        rows = route_rows(&count);
        for (i = 0; i < count; i++) {
                char path[64];
                size_t len = strlen(rows[i].pattern);

                memcpy(path, rows[i].pattern, len + 1);
                if (strcmp(path + len - 2, "{}") == 0)
                        memcpy(path + len - 2, "7", 2);
                if (strcmp(path + len - 3, "{+}") == 0)
                        memcpy(path + len - 3, "7", 2);
                assert_int_equal(route_find(text_of(rows[i].method), text_of(path),
                                            CLASS_PRIVILEGED, &found, &parameter, &fault),
                                 0);
                assert_ptr_equal(found, &rows[i]);
        }
}

static void unknown_paths_are_404(void **state) {
        static const char *const paths[] = {
                "/",
                "/tokens",
                "/toke",
                "/token/x",
                "/users/1/x",
                "/pam",
                "/pam/authx",
                "/TOKEN",
                "/.well-known",
                "/users/me/x",
                "/users/",
                "/.well-known/oauth-authorization-serverx",
                "/.well-known/jwks.json/x",
        };
        const struct route *route;
        struct text parameter;
        struct fault fault;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(paths); i++) {
                assert_int_equal(route_find(TEXT("GET"), text_of(paths[i]), CLASS_LOCAL, &route,
                                            &parameter, &fault),
                                 -EBADMSG);
                assert_int_equal(fault.status, 404);
        }
}

static const struct {
        const char *method, *path, *allow;
} refused[] = {
        {"GET", "/token", "POST"},
        {"HEAD", "/token", "POST"},
        {"DELETE", "/users", "GET, HEAD, POST"},
        {"post", "/users", "GET, HEAD, POST"},
        {"DELETE", "/users/me", "GET, HEAD, PATCH"},
        {"POST", "/users/7", "GET, HEAD, PUT, PATCH, DELETE"},
        {"GET", "/users/me/password", "PUT"},
        {"OPTIONS", "/health", "GET, HEAD"},
};

static void other_methods_are_405_with_those_that_are_allowed(void **state) {
        const struct route *route;
        struct text parameter;
        struct fault fault;
        char allow[ALLOW_MAX];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(refused); i++) {
                assert_int_equal(route_find(text_of(refused[i].method), text_of(refused[i].path),
                                            CLASS_LOCAL, &route, &parameter, &fault),
                                 -EBADMSG);
                assert_int_equal(fault.status, 405);
                route_allow(text_of(refused[i].path), CLASS_LOCAL, allow);
                assert_string_equal(allow, refused[i].allow);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_request_finds_its_row),
                cmocka_unit_test(every_row_is_reachable),
                cmocka_unit_test(unknown_paths_are_404),
                cmocka_unit_test(other_methods_are_405_with_those_that_are_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
