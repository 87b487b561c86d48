/* links: daemon/authority/identity.c daemon/authority/settings.c */
/* Which rule speaks of a process: by uid, primary and supplementary group; several, none, self. */
#include "../../daemon/authority/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void say(struct settings **settings, enum message_type type, union message message) {
        struct frame frame = {.type = type, .fd = -1, .message = message};

        assert_int_equal(settings_take(settings, &frame), 0);
}

static void add(struct settings **settings, const char *name, bool act_for, bool is_self) {
        say(settings, MSG_SETUP_IDENTITY,
            (union message){.setup_identity = {.name = text_of(name),
                                               .audiences = act_for ? TEXT_NONE : TEXT("a"),
                                               .act_for = act_for,
                                               .is_self = is_self}});
}

static void add_in_unit(struct settings **settings, const char *name, const char *unit) {
        say(settings, MSG_SETUP_IDENTITY,
            (union message){.setup_identity = {.name = text_of(name),
                                               .audiences = TEXT("a"),
                                               .unit = text_of(unit)}});
}

static void member(struct settings **settings, bool is_group, uint32_t id) {
        say(settings, MSG_SETUP_MEMBER,
            (union message){.setup_member = {.is_group = is_group, .id = id}});
}

/* by-uid: uid 10; by-group: gid 20; also: uid 10 or gid 30; door: uid 11, acting for others. */
static int setup(void **state) {
        struct settings *settings = NULL;

        say(&settings, MSG_SETUP_AUTHORITY,
            (union message){.setup_authority = {.issuer = TEXT("https://host.example")}});
        add(&settings, "by-uid", false, false);
        member(&settings, false, 10);
        add(&settings, "by-group", false, false);
        member(&settings, true, 20);
        add(&settings, "also", false, false);
        member(&settings, false, 12);
        member(&settings, true, 30);
        add(&settings, "door", true, false);
        member(&settings, false, 11);
        *state = settings;
        return 0;
}

static int setup_with_self(void **state) {
        struct settings *settings;

        setup(state);
        settings = *state;
        add(&settings, "local", false, true);
        *state = settings;
        return 0;
}

static int teardown(void **state) {
        settings_unref(*state);
        return 0;
}

/* Lent until the next one. */
static struct peer peer(uint32_t uid, uint32_t gid) {
        static uint32_t group;

        group = gid;
        return (struct peer){.uid = uid, .is_known = true, .groups = &group, .group_count = 1};
}

static void assert_match(const struct settings *settings, struct peer peer, const char *name,
                         enum identity_match wanted, const char *rule) {
        const struct identity_rule *found = NULL;

        assert_int_equal(identity_find(settings, &peer, text_of(name), &found), wanted);
        if (rule)
                assert_string_equal(found->name, rule);
        else
                assert_null(found);
}

static void nobody_is_in_a_rule_by_default(void **state) {
        assert_match(*state, peer(13, 13), NULL, IDENTITY_NONE, NULL);
        assert_match(*state, peer(0, 0), NULL, IDENTITY_NONE, NULL);
        assert_match(*state, peer(65534, 65534), NULL, IDENTITY_NONE, NULL);
        assert_match(*state, peer(UINT32_MAX, UINT32_MAX), NULL, IDENTITY_NONE, NULL);
}

static void a_uid_and_a_group_count(void **state) {
        assert_match(*state, peer(10, 1), NULL, IDENTITY_FOUND, "by-uid");
        assert_match(*state, peer(1, 20), NULL, IDENTITY_FOUND, "by-group");
}

static void a_uid_is_no_gid(void **state) {
        assert_match(*state, peer(20, 10), NULL, IDENTITY_NONE, NULL);
}

static void supplementary_groups_count_wherever_they_stand(void **state) {
        uint32_t groups[] = {4, 5, 30};
        struct peer with = peer(1, 1);

        with.groups = groups;
        with.group_count = 3;
        assert_match(*state, with, NULL, IDENTITY_FOUND, "also");
        with.group_count = 2;
        assert_match(*state, with, NULL, IDENTITY_NONE, NULL);
}

static void of_several_rules_one_is_to_be_named(void **state) {
        assert_match(*state, peer(10, 20), NULL, IDENTITY_SEVERAL, NULL);
        assert_match(*state, peer(10, 20), "by-group", IDENTITY_FOUND, "by-group");
        assert_match(*state, peer(10, 20), "by-uid", IDENTITY_FOUND, "by-uid");
}

static void a_name_opens_nothing_that_the_ids_do_not(void **state) {
        assert_match(*state, peer(10, 1), "by-group", IDENTITY_NOT_NAMED, NULL);
        assert_match(*state, peer(10, 1), "by-ui", IDENTITY_NOT_NAMED, NULL);
        assert_match(*state, peer(10, 1), "local", IDENTITY_NOT_NAMED, NULL);
        assert_match(*state, peer(0, 0), "by-uid", IDENTITY_NOT_NAMED, NULL);
}

static void a_peer_that_is_not_known_is_in_no_rule(void **state) {
        struct peer unknown = peer(10, 20);

        unknown.is_known = false;
        assert_match(*state, unknown, NULL, IDENTITY_NONE, NULL);
        assert_match(*state, unknown, "by-uid", IDENTITY_NOT_NAMED, NULL);
}

static void self_is_for_whom_no_rule_is(void **state) {
        struct peer unknown = {.uid = 1};

        assert_match(*state, peer(13, 13), NULL, IDENTITY_FOUND, "local");
        assert_match(*state, peer(0, 0), NULL, IDENTITY_FOUND, "local");
        assert_match(*state, peer(10, 1), NULL, IDENTITY_FOUND, "by-uid");
        assert_match(*state, peer(10, 1), "local", IDENTITY_FOUND, "local");
        assert_match(*state, peer(10, 20), NULL, IDENTITY_SEVERAL, NULL);
        assert_match(*state, unknown, NULL, IDENTITY_NONE, NULL);
}

static void rights_over_others_are_given_by_their_block_alone(void **state) {
        struct peer door = peer(11, 1), other = peer(10, 20), root = peer(0, 0);

        assert_true(identity_may_act_for(*state, &door));
        assert_false(identity_may_act_for(*state, &other));
        assert_false(identity_may_act_for(*state, &root));
        assert_match(*state, door, NULL, IDENTITY_NONE, NULL);
}

/* in-unit: uid 13 or gid 40, in a.service. */
static int setup_with_unit(void **state) {
        struct settings *settings;

        setup(state);
        settings = *state;
        add_in_unit(&settings, "in-unit", "a.service");
        member(&settings, false, 13);
        member(&settings, true, 40);
        *state = settings;
        return 0;
}

static struct peer peer_in(uint32_t uid, uint32_t gid, const char *unit) {
        struct peer in = peer(uid, gid);

        in.unit = text_of(unit);
        return in;
}

static void a_unit_is_asked_for_beside_the_ids(void **state) {
        assert_match(*state, peer_in(13, 1, "a.service"), NULL, IDENTITY_FOUND, "in-unit");
        assert_match(*state, peer_in(1, 40, "a.service"), NULL, IDENTITY_FOUND, "in-unit");
        assert_match(*state, peer_in(13, 1, "a.service"), "in-unit", IDENTITY_FOUND, "in-unit");
        assert_match(*state, peer_in(14, 1, "a.service"), NULL, IDENTITY_NONE, NULL);
        assert_match(*state, peer_in(0, 0, "a.service"), "in-unit", IDENTITY_NOT_NAMED, NULL);
}

static void another_unit_or_none_opens_nothing(void **state) {
        static const char *const units[] = {"",           "b.service", "a.servic",
                                            "a.service2", "A.service", "a.service b.service"};
        size_t i;

        for (i = 0; i < sizeof units / sizeof *units; i++) {
                assert_match(*state, peer_in(13, 40, units[i]), NULL, IDENTITY_NONE, NULL);
                assert_match(*state, peer_in(13, 40, units[i]), "in-unit", IDENTITY_NOT_NAMED,
                             NULL);
        }
}

static void a_unit_matters_to_those_alone_whose_ids_a_rule_with_a_unit_has(void **state) {
        struct peer uid = peer(13, 1), unknown = peer(13, 1), other;

        assert_true(identity_asks_unit(*state, &uid));
        unknown.is_known = false;
        assert_false(identity_asks_unit(*state, &unknown));
        other = peer(10, 20);
        assert_false(identity_asks_unit(*state, &other));
        other = peer(1, 40);
        assert_true(identity_asks_unit(*state, &other));
}

static void rules_without_a_unit_have_processes_of_every_unit(void **state) {
        assert_match(*state, peer_in(10, 1, "a.service"), NULL, IDENTITY_FOUND, "by-uid");
        assert_match(*state, peer_in(10, 1, NULL), NULL, IDENTITY_FOUND, "by-uid");
}

static void members_come_behind_an_identity(void **state) {
        struct settings *settings = NULL;
        struct frame frame = {.type = MSG_SETUP_MEMBER, .fd = -1};

        (void)state;
        say(&settings, MSG_SETUP_AUTHORITY,
            (union message){.setup_authority = {.issuer = TEXT("https://host.example")}});
        assert_true(settings_take(&settings, &frame) < 0);
        add(&settings, "local", false, true);
        assert_true(settings_take(&settings, &frame) < 0);
        settings_unref(settings);
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(nobody_is_in_a_rule_by_default, setup),
                TEST(a_uid_and_a_group_count, setup),
                TEST(a_uid_is_no_gid, setup),
                TEST(supplementary_groups_count_wherever_they_stand, setup),
                TEST(of_several_rules_one_is_to_be_named, setup),
                TEST(a_name_opens_nothing_that_the_ids_do_not, setup),
                TEST(a_peer_that_is_not_known_is_in_no_rule, setup),
                TEST(self_is_for_whom_no_rule_is, setup_with_self),
                TEST(rights_over_others_are_given_by_their_block_alone, setup),
                TEST(a_unit_is_asked_for_beside_the_ids, setup_with_unit),
                TEST(another_unit_or_none_opens_nothing, setup_with_unit),
                TEST(a_unit_matters_to_those_alone_whose_ids_a_rule_with_a_unit_has,
                     setup_with_unit),
                TEST(rules_without_a_unit_have_processes_of_every_unit, setup_with_unit),
                cmocka_unit_test(members_come_behind_an_identity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
