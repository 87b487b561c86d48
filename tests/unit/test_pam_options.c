/* The arguments of the PAM module. */
/* links: pam_module/options.c */
#include "../../common/cleanup.h"
#include "../../pam_module/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define READ_IN(phase, options, bad, ...)                              \
        options_read(phase, ELEMENTS(((const char *[]){__VA_ARGS__})), \
                     (const char *[]){__VA_ARGS__}, options, bad)
#define READ(options, bad, ...) READ_IN(PAM_PHASE_AUTH, options, bad, __VA_ARGS__)

static void no_arguments_are_the_defaults(void **state) {
        struct options options;
        int bad = -1;

        (void)state;
        assert_int_equal(options_read(PAM_PHASE_AUTH, 0, NULL, &options, &bad), 0);
        assert_string_equal(options.socket, "/run/jeton/jeton.sock");
        assert_false(options.socket_is_ours);
        assert_int_equal(options.timeout_ms, 3000);
        assert_int_equal(options.min_uid, 1000);
        assert_int_equal(options.password_source, PASSWORD_ASK);
        assert_int_equal(options.require_role.len, 0);
        assert_false(options.ignore_unknown_user);
        assert_false(options.debug);
        assert_int_equal(bad, -1);
}

static void every_argument_is_read(void **state) {
        struct options options;
        int bad = -1;

        (void)state;
        assert_int_equal(READ(&options, &bad, "debug", "socket=/a/b=c", "timeout=250ms",
                              "min_uid=4294967294", "try_first_pass", "require_role=wheel",
                              "ignore_unknown_user"),
                         0);
        assert_string_equal(options.socket, "/a/b=c");
        assert_true(options.socket_is_ours);
        assert_int_equal(options.timeout_ms, 250);
        assert_int_equal(options.min_uid, 4294967294u);
        assert_int_equal(options.password_source, PASSWORD_TRY_FIRST);
        assert_true(text_is(options.require_role, TEXT("wheel")));
        assert_true(options.ignore_unknown_user);
        assert_true(options.debug);
}

static void an_argument_that_means_nothing_in_a_phase_is_unknown_there(void **state) {
        static const char *const of_auth[] = {"use_first_pass", "try_first_pass"};
        static const char *const of_password[] = {"use_authtok", "try_authtok", "use_first_pass",
                                                  "try_first_pass"};
        static const char *const of_session[] = {"audience=https://api.example", "scope=read"};
        static const char *const of_both[] = {"require_role=wheel", "ignore_unknown_user", "debug"};
        struct options options;
        size_t i;
        int bad;

        (void)state;
        for (i = 0; i < ELEMENTS(of_auth); i++) {
                assert_int_equal(READ_IN(PAM_PHASE_AUTH, &options, &bad, of_auth[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_ACCOUNT, &options, &bad, of_auth[i]), -EINVAL);
        }
        for (i = 0; i < ELEMENTS(of_session); i++) {
                assert_int_equal(READ_IN(PAM_PHASE_SESSION, &options, &bad, of_session[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_CLOSE, &options, &bad, of_session[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_AUTH, &options, &bad, of_session[i]), -EINVAL);
        }
        for (i = 0; i < ELEMENTS(of_password); i++) {
                assert_int_equal(READ_IN(PAM_PHASE_CHECK, &options, &bad, of_password[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_PASSWORD, &options, &bad, of_password[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_ACCOUNT, &options, &bad, of_password[i]),
                                 -EINVAL);
        }
        for (i = 0; i < ELEMENTS(of_both); i++) {
                assert_int_equal(READ_IN(PAM_PHASE_AUTH, &options, &bad, of_both[i]), 0);
                assert_int_equal(READ_IN(PAM_PHASE_ACCOUNT, &options, &bad, of_both[i]), 0);
        }
}

static void the_wish_for_a_token_is_read(void **state) {
        static const char *const malformed[] = {"audience=", "audience=a b", "scope=", "scope=a\"b",
                                                "scope=a\nb"};
        struct options options;
        size_t i;
        int bad;

        (void)state;
        assert_int_equal(READ_IN(PAM_PHASE_SESSION, &options, &bad, "audience=https://api.example",
                                 "scope=read write"),
                         0);
        assert_true(text_is(options.audience, TEXT("https://api.example")));
        assert_true(text_is(options.scope, TEXT("read write")));
        for (i = 0; i < ELEMENTS(malformed); i++)
                assert_int_equal(READ_IN(PAM_PHASE_SESSION, &options, &bad, malformed[i]), -EINVAL);
}

/* Its own path too: naming it is what says that the server may be one's own. */
static void the_default_path_by_argument_is_still_an_argument(void **state) {
        struct options options;
        int bad;

        (void)state;
        assert_int_equal(READ(&options, &bad, "socket=/run/jeton/jeton.sock"), 0);
        assert_true(options.socket_is_ours);
}

static void use_first_pass_is_stronger_than_try_first_pass(void **state) {
        struct options options;
        int bad;

        (void)state;
        assert_int_equal(READ(&options, &bad, "use_first_pass", "try_first_pass"), 0);
        assert_int_equal(options.password_source, PASSWORD_USE_FIRST);
        assert_int_equal(READ(&options, &bad, "try_first_pass", "use_first_pass"), 0);
        assert_int_equal(options.password_source, PASSWORD_USE_FIRST);
}

static void the_first_bad_argument_is_named(void **state) {
        struct options options;
        int bad = -1;

        (void)state;
        assert_int_equal(READ(&options, &bad, "debug", "timeout=2s", "min_udi=5", "nonsense"),
                         -EINVAL);
        assert_int_equal(bad, 2);
        assert_true(options.debug);
        assert_int_equal(options.timeout_ms, 2000);
        assert_int_equal(options.min_uid, 1000);
}

static void malformed_arguments_are_refused(void **state) {
        static const char *const malformed[] = {
                "",
                "=",
                "debu",
                "debugs",
                "debug=",
                "Debug",
                " debug",
                "socket",
                "socket=",
                "socket=jeton.sock",
                "timeout=",
                "timeout=5",
                "timeout=ms",
                "timeout=0ms",
                "timeout=0s",
                "timeout=60001ms",
                "timeout=1h",
                "timeout=1.5s",
                "timeout=s5",
                "timeout=18446744073709551617s",
                "min_uid=",
                "min_uid=0",
                "min_uid=+5",
                "min_uid=4294967295",
                "min_uid=5 ",
                "min_uid=0x10",
                "require_role=",
                "require_role=Wheel",
                "require_role",
                "require_role=a b",
                "ignore_unknown_user=",
                "use_authtok",
        };
        struct options options;
        size_t i;
        int bad;

        (void)state;
        for (i = 0; i < ELEMENTS(malformed); i++)
                assert_int_equal(READ(&options, &bad, malformed[i]), -EINVAL);
}

static void an_argument_counts_once(void **state) {
        static const char *const twice[] = {"socket=/a",     "timeout=1s",     "min_uid=5",
                                            "debug",         "use_first_pass", "try_first_pass",
                                            "require_role=a"};
        struct options options;
        size_t i;
        int bad;

        (void)state;
        for (i = 0; i < ELEMENTS(twice); i++) {
                assert_int_equal(READ(&options, &bad, twice[i], twice[i]), -EINVAL);
                assert_int_equal(bad, 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_arguments_are_the_defaults),
                cmocka_unit_test(every_argument_is_read),
                cmocka_unit_test(an_argument_that_means_nothing_in_a_phase_is_unknown_there),
                cmocka_unit_test(the_wish_for_a_token_is_read),
                cmocka_unit_test(the_default_path_by_argument_is_still_an_argument),
                cmocka_unit_test(use_first_pass_is_stronger_than_try_first_pass),
                cmocka_unit_test(the_first_bad_argument_is_named),
                cmocka_unit_test(malformed_arguments_are_refused),
                cmocka_unit_test(an_argument_counts_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
