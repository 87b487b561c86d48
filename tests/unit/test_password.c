/* How long a call has a password: until its hash is judged, unless the hash is outdated; and a new
 * one until two workers have agreed about it.
 *
 * links: daemon/authority/password.c daemon/authority/new_hash.c daemon/authority/setting.c
 *        daemon/authority/scheme.c
 * needs: libcrypto */
#include "../../daemon/authority/new_hash.h"
#include "../../daemon/authority/password.h"
#include "../../daemon/authority/user_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#define CURRENT  "$y$j9T$abcdefghijklmnopqrstu.$0123456789012345678901234567890123456789012"
#define OUTDATED "$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1"

static struct call call;
static struct settings settings;
static const char *stored;
static bool may_try;
static enum password_verdict verdict;
static bool was_kept; /* the password, when the next step began */

/* ---- what is around it ---- */

int gate_enter(struct call *asking, const struct throttle_key *key, gate_turn *turn) {
        (void)key;
        return turn(asking, may_try);
}

void gate_leave(struct call *leaving, enum throttle_outcome outcome) {
        (void)leaving;
        (void)outcome;
}

int workers_hash(struct call *asking, const char *setting, bool other_than_last) {
        (void)setting;
        (void)other_than_last;
        assert_non_null(asking->password);
        return 0;
}

static int user_make(struct user **ret) {
        struct user *user = calloc(1, sizeof *user);

        assert_non_null(user);
        user->id = 1;
        assert_int_equal(secret_new(stored, strlen(stored), &user->hash), 0);
        *ret = user;
        return 0;
}

int users_find_id(struct store *store, uint64_t id, struct user **ret) {
        (void)store;
        assert_int_equal(id, 1);
        return user_make(ret);
}

void user_free(struct user *user) {
        if (!user)
                return;
        secret_free(user->hash);
        free(user);
}

enum complaint rule_password(const struct settings *in_force, struct text username,
                             struct text password) {
        (void)in_force;
        (void)username;
        (void)password;
        return COMPLAINT_NONE;
}

int call_refuse(struct call *refused, enum refusal refusal) {
        (void)refused;
        (void)refusal;
        return 0;
}

int call_refuse_short(struct call *refused, uint32_t at_least) {
        (void)refused;
        (void)at_least;
        return 0;
}

/* ---- */

static int take_verdict(struct call *judged, enum password_verdict given) {
        verdict = given;
        was_kept = judged->password;
        return 0;
}

static int setup(void **state) {
        static struct authority authority;

        (void)state;
        call = (struct call){.authority = &authority, .settings = &settings};
        may_try = true;
        was_kept = true;
        return 0;
}

static int teardown(void **state) {
        (void)state;
        user_free(call.user);
        secret_free(call.password);
        secret_free(call.new_hash.old_password);
        secret_free(call.hash);
        return 0;
}

static void judged(const char *hash, const char *answer) {
        struct throttle_key key = {.user = ""};
        struct msg_hashed hashed = {.hash = text_of(answer)};

        stored = hash;
        assert_int_equal(user_make(&call.user), 0);
        assert_int_equal(password_ask(&call, &key, TEXT("secret"), take_verdict), 0);
        if (may_try)
                assert_int_equal(call.hashed(&call, &hashed), 0);
}

static void a_right_one_is_gone(void **state) {
        (void)state;
        judged(CURRENT, CURRENT);
        assert_int_equal(verdict, PASSWORD_RIGHT);
        assert_false(was_kept);
}

static void a_wrong_one_is_gone(void **state) {
        (void)state;
        judged(OUTDATED, CURRENT);
        assert_int_equal(verdict, PASSWORD_WRONG);
        assert_false(was_kept);
}

static void one_that_nobody_looked_at_is_gone(void **state) {
        (void)state;
        may_try = false;
        judged(CURRENT, CURRENT);
        assert_int_equal(verdict, PASSWORD_THROTTLED);
        assert_false(was_kept);
}

static void one_whose_hash_is_outdated_is_there_for_its_renewal(void **state) {
        (void)state;
        judged(OUTDATED, OUTDATED);
        assert_int_equal(verdict, PASSWORD_RIGHT);
        assert_true(was_kept);
}

/* ---- a new one ---- */

static int made(struct call *asking) {
        was_kept = asking->password || asking->new_hash.old_password;
        return 0;
}

static void a_new_one_is_gone_with_the_old_when_two_agree(void **state) {
        char hash[SETTING_MAX + 64];
        struct msg_hashed hashed;

        (void)state;
        assert_int_equal(secret_new("new", 3, &call.password), 0);
        assert_int_equal(secret_new("old", 3, &call.new_hash.old_password), 0);
        assert_int_equal(new_hash_ask(&call, TEXT("ann"), made, new_hash_refuse), 0);
        snprintf(hash, sizeof hash, "%s$%s", call.setting,
                 "0123456789012345678901234567890123456789012");
        hashed = (struct msg_hashed){.hash = text_of(hash)};
        assert_int_equal(call.hashed(&call, &hashed), 0);
        assert_true(was_kept);
        assert_int_equal(call.hashed(&call, &hashed), 0);
        assert_false(was_kept);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_right_one_is_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(a_wrong_one_is_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(one_that_nobody_looked_at_is_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(one_whose_hash_is_outdated_is_there_for_its_renewal,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(a_new_one_is_gone_with_the_old_when_two_agree,
                                                setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
