/* links: daemon/authority/policy.c daemon/authority/settings.c daemon/authority/entitlement.c */
/* links: daemon/authority/identity.c */
/* Who may have a token for what: audiences, scopes, roles, administrators, links. */
#include "../../daemon/authority/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ISSUER  "https://host.example"
#define METRICS "https://metrics.example"

static void say(struct settings **settings, enum message_type type, union message message) {
        struct frame frame = {.type = type, .fd = -1, .message = message};

        assert_int_equal(settings_take(settings, &frame), 0);
}

/* The issuer, and one audience for operators with an open and a closed scope. */
static int setup(void **state) {
        struct settings *settings = NULL;

        say(&settings, MSG_SETUP_AUTHORITY,
            (union message){.setup_authority = {.issuer = TEXT(ISSUER),
                                                .access_lifetime_s = 900,
                                                .min_uid = 1000,
                                                .max_connections = 10,
                                                .max_connections_per_uid = 5}});
        say(&settings, MSG_SETUP_ADMIN, (union message){.setup_admin = {.uid = 7}});
        say(&settings, MSG_SETUP_AUDIENCE,
            (union message){.setup_audience = {.name = TEXT(METRICS),
                                               .lifetime_s = 300,
                                               .kind = TOKEN_KIND_PLAIN,
                                               .roles = TEXT("operator viewer")}});
        say(&settings, MSG_SETUP_SCOPE,
            (union message){.setup_scope = {.name = TEXT("metrics:read"), .roles = TEXT_NONE}});
        say(&settings, MSG_SETUP_SCOPE,
            (union message){
                    .setup_scope = {.name = TEXT("metrics:write"), .roles = TEXT("operator")}});
        *state = settings;
        return 0;
}

static int teardown(void **state) {
        settings_unref(*state);
        return 0;
}

static const struct audience_rule *metrics(const struct settings *settings) {
        const struct audience_rule *audience = NULL;

        assert_int_equal(policy_find_audience(settings, TEXT(METRICS), &audience), REFUSAL_NONE);
        return audience;
}

static void no_audience_means_the_issuer(void **state) {
        const struct audience_rule *audience = NULL;

        assert_int_equal(policy_find_audience(*state, TEXT_NONE, &audience), REFUSAL_NONE);
        assert_string_equal(audience->name, ISSUER);
        assert_int_equal(audience->lifetime_s, 900);
}

static void a_declared_audience_has_its_own_lifetime_and_type(void **state) {
        assert_int_equal(metrics(*state)->lifetime_s, 300);
        assert_int_equal(metrics(*state)->kind, TOKEN_KIND_PLAIN);
}

static void an_audience_is_compared_to_the_byte(void **state) {
        static const char *const others[] = {"https://metrics.example/", "https://METRICS.example",
                                             "https://metrics.exampl", "jeton:login"};
        const struct audience_rule *audience = NULL;
        size_t i;

        for (i = 0; i < sizeof others / sizeof *others; i++)
                assert_int_equal(policy_find_audience(*state, text_of(others[i]), &audience),
                                 REFUSAL_AUDIENCE);
        assert_null(audience);
}

static void two_audiences_are_refused_and_one_named_twice_is_not(void **state) {
        const struct audience_rule *audience = NULL;

        assert_int_equal(policy_find_audience(*state, TEXT(METRICS " " ISSUER), &audience),
                         REFUSAL_AUDIENCE_MANY);
        assert_int_equal(policy_find_audience(*state, TEXT(METRICS " " METRICS), &audience),
                         REFUSAL_NONE);
}

static void an_audience_is_open_to_its_roles_alone(void **state) {
        assert_true(policy_may_use(metrics(*state), TEXT("viewer")));
        assert_true(policy_may_use(metrics(*state), TEXT("other operator")));
        assert_false(policy_may_use(metrics(*state), TEXT("oper")));
        assert_false(policy_may_use(metrics(*state), TEXT_NONE));
}

static void absent_scope_is_all_that_the_roles_allow(void **state) {
        char scope[SCOPE_MAX + 1];

        assert_int_equal(policy_find_scope(metrics(*state), TEXT("viewer"), TEXT_NONE, scope),
                         REFUSAL_NONE);
        assert_string_equal(scope, "metrics:read");
        assert_int_equal(policy_find_scope(metrics(*state), TEXT("operator"), TEXT_NONE, scope),
                         REFUSAL_NONE);
        assert_string_equal(scope, "metrics:read metrics:write");
}

static void a_scope_beyond_the_roles_is_refused_not_dropped(void **state) {
        char scope[SCOPE_MAX + 1] = "untouched";

        assert_int_equal(policy_find_scope(metrics(*state), TEXT("viewer"),
                                           TEXT("metrics:read metrics:write"), scope),
                         REFUSAL_SCOPE);
        assert_int_equal(
                policy_find_scope(metrics(*state), TEXT("operator"), TEXT("jeton:admin"), scope),
                REFUSAL_SCOPE);
        assert_string_equal(scope, "untouched");
}

static void a_repeated_scope_counts_once(void **state) {
        char scope[SCOPE_MAX + 1];

        assert_int_equal(policy_find_scope(metrics(*state), TEXT("viewer"),
                                           TEXT("metrics:read  metrics:read"), scope),
                         REFUSAL_NONE);
        assert_string_equal(scope, "metrics:read");
}

static void the_admin_scope_is_for_the_role_admin(void **state) {
        const struct audience_rule *issuer = NULL;
        char scope[SCOPE_MAX + 1];

        assert_int_equal(policy_find_audience(*state, TEXT_NONE, &issuer), REFUSAL_NONE);
        assert_int_equal(policy_find_scope(issuer, TEXT("admin"), TEXT_NONE, scope), REFUSAL_NONE);
        assert_string_equal(scope, "jeton:admin");
        assert_int_equal(policy_find_scope(issuer, TEXT("user"), TEXT_NONE, scope), REFUSAL_NONE);
        assert_string_equal(scope, "");
}

static enum refusal admin_by(enum caller_class class, struct settings *settings, struct peer peer,
                             enum credential credential) {
        struct authority authority = {.overflow_uid = 65534};
        struct connection connection = {.class = class, .peer = peer};
        struct call call = {
                .authority = &authority, .connection = &connection, .settings = settings};

        return policy_admin(&call, credential);
}

static enum refusal admin(struct settings *settings, struct peer peer, enum credential credential) {
        return admin_by(CLASS_PRIVILEGED, settings, peer, credential);
}

static void peer_authority_must_be_asked_for_and_be_configured(void **state) {
        struct peer seven = {.uid = 7, .is_known = true};
        struct peer root = {.uid = 0, .is_known = true};
        struct peer proxy = {.uid = 7, .is_known = false};

        assert_int_equal(admin(*state, seven, CREDENTIAL_PEER), REFUSAL_NONE);
        assert_int_equal(admin(*state, seven, CREDENTIAL_NONE), REFUSAL_NO_CREDENTIALS);
        assert_int_equal(admin(*state, seven, CREDENTIAL_BEARER), REFUSAL_NOT_ADMIN);
        assert_int_equal(admin(*state, root, CREDENTIAL_PEER), REFUSAL_NOT_ADMIN);
        assert_int_equal(admin(*state, proxy, CREDENTIAL_PEER), REFUSAL_NOT_PEER);
}

static void who_became_admin_by_a_reload_is_none_on_the_frontend_of_others(void **state) {
        struct peer seven = {.uid = 7, .is_known = true};

        assert_int_equal(admin_by(CLASS_LOCAL, *state, seven, CREDENTIAL_PEER), REFUSAL_NOT_ADMIN);
}

static void the_overflow_uid_administers_nothing(void **state) {
        struct settings *settings = *state;
        struct peer nobody = {.uid = 65534, .is_known = true};

        say(&settings, MSG_SETUP_ADMIN, (union message){.setup_admin = {.uid = 65534}});
        assert_int_equal(admin(settings, nobody, CREDENTIAL_PEER), REFUSAL_NOT_ADMIN);
}

static void only_accounts_of_people_can_be_linked(void **state) {
        struct authority authority = {.overflow_uid = 65534};
        struct call call = {.authority = &authority, .settings = *state};

        assert_true(policy_may_link(&call, 1000));
        assert_true(policy_may_link(&call, 4000000000));
        assert_false(policy_may_link(&call, 0));
        assert_false(policy_may_link(&call, 999));
        assert_false(policy_may_link(&call, 65534));
        assert_false(policy_may_link(&call, UINT32_MAX));
}

static void a_scope_before_any_settings_breaks_the_rules(void **state) {
        struct settings *none = NULL;
        struct frame frame = {.type = MSG_SETUP_SCOPE, .fd = -1};

        (void)state;
        assert_int_equal(settings_take(&none, &frame), -EPROTO);
        assert_null(none);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(no_audience_means_the_issuer, setup, teardown),
                cmocka_unit_test_setup_teardown(a_declared_audience_has_its_own_lifetime_and_type,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(an_audience_is_compared_to_the_byte, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        two_audiences_are_refused_and_one_named_twice_is_not, setup, teardown),
                cmocka_unit_test_setup_teardown(an_audience_is_open_to_its_roles_alone, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(absent_scope_is_all_that_the_roles_allow, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_scope_beyond_the_roles_is_refused_not_dropped,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(a_repeated_scope_counts_once, setup, teardown),
                cmocka_unit_test_setup_teardown(the_admin_scope_is_for_the_role_admin, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(peer_authority_must_be_asked_for_and_be_configured,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                        who_became_admin_by_a_reload_is_none_on_the_frontend_of_others, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(the_overflow_uid_administers_nothing, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(only_accounts_of_people_can_be_linked, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_scope_before_any_settings_breaks_the_rules, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
