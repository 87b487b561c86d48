/* links: daemon/authority/credential_address.c daemon/authority/identity.c
 * daemon/authority/settings.c */
/* What the address of whoever asks for a unit's credential says, and which rule is for that unit.
 */
#include "../../daemon/authority/credential_address.h"
#include "../../daemon/authority/identity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ADDRESS(literal) ((struct text){"\0" literal, sizeof literal})

static void an_address_of_systemd_is_taken_apart(void **state) {
        struct text unit, name;

        (void)state;
        assert_int_equal(
                credential_address_read(ADDRESS("9f86d081/unit/a@b.service/token"), &unit, &name),
                0);
        assert_true(text_is(unit, TEXT("a@b.service")));
        assert_true(text_is(name, TEXT("token")));
}

static void what_is_no_such_address_is_refused(void **state) {
        static const struct text cases[] = {
                ADDRESS(""),
                ADDRESS("1"),
                ADDRESS("1/unit"),
                ADDRESS("1/unit/"),
                ADDRESS("1/unit/a.service"),
                ADDRESS("1/unit/a.service/"),
                ADDRESS("/unit/a.service/token"),
                ADDRESS("1/units/a.service/token"),
                ADDRESS("1/unit/a.mount/token"),
                ADDRESS("1/unit/a b.service/token"),
                ADDRESS("1/unit/a.service/to/ken"),
                ADDRESS("1/unit/a.service/to\nken"),
                ADDRESS("1/unit/a.service/token\0"),
                ADDRESS("1/unit/a.service\0/token"),
                ADDRESS("1 2/unit/a.service/token"),
                {"1/unit/a.service/token", sizeof "1/unit/a.service/token" - 1},
                {"", 0},
        };
        struct text unit = TEXT("kept"), name = TEXT("kept");
        size_t i;

        (void)state;
        for (i = 0; i < sizeof cases / sizeof *cases; i++) {
                assert_int_equal(credential_address_read(cases[i], &unit, &name), -EINVAL);
                assert_true(text_is(unit, TEXT("kept")) && text_is(name, TEXT("kept")));
        }
}

/* ---- the rule ---- */

static void say(struct settings **settings, enum message_type type, union message message) {
        struct frame frame = {.type = type, .fd = -1, .message = message};

        assert_int_equal(settings_take(settings, &frame), 0);
}

static void add(struct settings **settings, const char *name, const char *unit,
                const char *audiences) {
        say(settings, MSG_SETUP_IDENTITY,
            (union message){.setup_identity = {.name = text_of(name),
                                               .audiences = text_of(audiences),
                                               .unit = text_of(unit)}});
}

static int setup(void **state) {
        struct settings *settings = NULL;

        say(&settings, MSG_SETUP_AUTHORITY,
            (union message){.setup_authority = {.issuer = TEXT("https://host.example")}});
        add(&settings, "one", "one.service", "a");
        add(&settings, "read", "two.service", "a");
        add(&settings, "write", "two.service", "a b");
        add(&settings, "plain", NULL, "a");
        add(&settings, "nothing", "none.service", NULL);
        *state = settings;
        return 0;
}

static int teardown(void **state) {
        settings_unref(*state);
        return 0;
}

static void assert_rule(const struct settings *settings, const char *unit, const char *name,
                        enum identity_match wanted, const char *rule) {
        const struct identity_rule *found = NULL;

        assert_int_equal(identity_find_unit(settings, text_of(unit), text_of(name), &found),
                         wanted);
        if (rule)
                assert_string_equal(found->name, rule);
        else
                assert_null(found);
}

static void the_one_rule_of_a_unit_is_found_whatever_the_credential_is_called(void **state) {
        assert_rule(*state, "one.service", "token", IDENTITY_FOUND, "one");
        assert_rule(*state, "one.service", "one", IDENTITY_FOUND, "one");
        assert_rule(*state, "one.service", "read", IDENTITY_FOUND, "one");
}

static void of_several_the_credential_names_one(void **state) {
        assert_rule(*state, "two.service", "token", IDENTITY_SEVERAL, NULL);
        assert_rule(*state, "two.service", "write", IDENTITY_FOUND, "write");
        assert_rule(*state, "two.service", "read", IDENTITY_FOUND, "read");
        assert_rule(*state, "two.service", "one", IDENTITY_SEVERAL, NULL);
}

static void a_unit_that_no_rule_names_has_none(void **state) {
        assert_rule(*state, "three.service", "one", IDENTITY_NONE, NULL);
        assert_rule(*state, "three.service", "plain", IDENTITY_NONE, NULL);
        assert_rule(*state, "", "plain", IDENTITY_NONE, NULL);
        assert_rule(*state, "none.service", "nothing", IDENTITY_NONE, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_address_of_systemd_is_taken_apart),
                cmocka_unit_test(what_is_no_such_address_is_refused),
                TEST(the_one_rule_of_a_unit_is_found_whatever_the_credential_is_called),
                TEST(of_several_the_credential_names_one),
                TEST(a_unit_that_no_rule_names_has_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
