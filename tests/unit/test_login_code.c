/* How long a login code is good: by a clock that goes on while the host sleeps, and never beyond
 * the token that made it.
 *
 * links: daemon/authority/login_code.c daemon/authority/pam_code.c daemon/authority/codes.c
 * daemon/authority/code_spelling.c
 * needs: libcrypto
 * flags: -Wl,--wrap=clock_gettime */
#include "../../daemon/authority/answers.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/audit.h"
#include "../../daemon/authority/authority.h"
#include "../../daemon/authority/bearer.h"
#include "../../daemon/authority/codes.h"
#include "../../daemon/authority/pam.h"
#include "../../daemon/authority/policy.h"
#include "../../daemon/authority/sessions.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW    INT64_C(1800000000)
#define LIFE_S 60
#define UID    4100

static int64_t wall, awake, slept; /* seconds */
static struct claims shown;        /* by the token */
static char given[CODE_LEN + 1];
static uint32_t expires_in_s;
static enum refusal refused;

static struct authority authority;
static char services[] = "sshd";
static struct settings settings = {
        .login_code_services = services, .login_code_s = LIFE_S, .leeway_s = 30};
static struct user user = {.id = 7, .has_uid = true, .uid = UID};
static struct connection connection = {.peer = {.uid = UID, .is_known = true}};
static struct pam_login login = {.uid = UID, .as_peer = true, .service = "sshd"};
static struct call call = {
        .authority = &authority, .settings = &settings, .connection = &connection, .user = &user};

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        ret->tv_sec = clock == CLOCK_REALTIME   ? wall
                      : clock == CLOCK_BOOTTIME ? awake + slept
                                                : awake;
        ret->tv_nsec = 0;
        return 0;
}

/* ---- what a code needs around it ---- */

int bearer_check_claims(struct call *asks, struct text token, struct claims *ret_claims,
                        enum refusal *ret_refusal) {
        (void)asks;
        (void)token;
        *ret_claims = shown;
        *ret_refusal = REFUSAL_NONE;
        return 0;
}

bool policy_is_admin(const struct call *asks) {
        (void)asks;
        return false;
}

void audit(const struct call *about, const char *event, const char *result, struct text whose,
           const char *detail) {
        (void)about;
        (void)event;
        (void)result;
        (void)whose;
        (void)detail;
}

void audit_keep_client(struct call *about, struct text client_id) {
        (void)about;
        (void)client_id;
}

int call_refuse(struct call *asks, enum refusal refusal) {
        (void)asks;
        refused = refusal;
        return 0;
}

int call_answer(struct call *asks, enum message_type type, const void *message) {
        const struct msg_answer_login_code *answer = message;

        (void)asks;
        assert_int_equal(type, MSG_ANSWER_LOGIN_CODE);
        assert_int_equal(text_copy(answer->code, given, sizeof given), 0);
        expires_in_s = answer->expires_in_s;
        return 0;
}

/* The entry that revoked it has been dropped, as its drop_at has come. */
int sessions_token_ended(const struct authority *asks, const struct claims *claims, bool *ret) {
        (void)asks;
        (void)claims;
        *ret = false;
        return 0;
}

bool login_is_linked(const struct call *asks) {
        return asks->user->uid == login.uid;
}

bool login_has_role(const struct call *asks) {
        (void)asks;
        return true;
}

/* ---- */

static int begin(void **state) {
        (void)state;
        wall = NOW;
        awake = 1000;
        slept = 0;
        given[0] = '\0';
        refused = REFUSAL_NONE;
        shown = (struct claims){
                .iat = NOW, .exp = NOW + 900, .auth_time = NOW, .amr = "pwd", .sid = "a session"};
        call.step.login = &login;
        return codes_new(&authority.codes);
}

static int end(void **state) {
        (void)state;
        codes_free(authority.codes);
        return 0;
}

static void time_passes(int64_t awake_s, int64_t asleep_s) {
        wall += awake_s + asleep_s;
        awake += awake_s;
        slept += asleep_s;
}

static void make(void) {
        union message message = {
                .ask_login_code = {.bearer = TEXT("a token"), .service = TEXT("sshd")}};

        assert_int_equal(answer_login_code(&call, &message), 0);
}

static bool is_good(void) {
        bool proven = false;

        assert_int_equal(secret_new(given, strlen(given), &call.password), 0);
        assert_int_equal(login_try_code(&call, &proven), 0);
        secret_free(take(call.password));
        return proven;
}

static void a_code_is_good_for_its_time(void **state) {
        (void)state;
        make();
        assert_int_equal(expires_in_s, LIFE_S);
        time_passes(LIFE_S - 1, 0);
        assert_true(is_good());
}

static void who_asks_by_no_right_of_his_neither_has_it_looked_at_nor_uses_it_up(void **state) {
        (void)state;
        make();
        login.as_peer = false;
        assert_false(is_good());
        login.as_peer = true;
        assert_true(is_good());
}

static void its_time_runs_while_the_host_sleeps(void **state) {
        (void)state;
        make();
        time_passes(1, LIFE_S);
        assert_false(is_good());
}

static void a_nap_within_its_time_leaves_it_good(void **state) {
        (void)state;
        make();
        time_passes(1, LIFE_S - 10);
        assert_true(is_good());
}

static void it_is_no_longer_good_than_the_token_that_made_it(void **state) {
        (void)state;
        shown.exp = NOW + 20;
        make();
        assert_int_equal(expires_in_s, 20);
        time_passes(20, 0);
        assert_false(is_good());
}

/* A clock that is set forth past the token's end takes the entries that revoke it along. */
static void nor_is_it_when_the_wall_clock_alone_has_passed_the_tokens_end(void **state) {
        (void)state;
        make();
        wall = shown.exp;
        assert_false(is_good());
}

static void a_token_in_its_leeway_makes_none(void **state) {
        (void)state;
        shown.exp = NOW;
        make();
        assert_int_equal(refused, REFUSAL_TOKEN);
        assert_string_equal(given, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_code_is_good_for_its_time, begin, end),
                cmocka_unit_test_setup_teardown(
                        who_asks_by_no_right_of_his_neither_has_it_looked_at_nor_uses_it_up, begin,
                        end),
                cmocka_unit_test_setup_teardown(its_time_runs_while_the_host_sleeps, begin, end),
                cmocka_unit_test_setup_teardown(a_nap_within_its_time_leaves_it_good, begin, end),
                cmocka_unit_test_setup_teardown(it_is_no_longer_good_than_the_token_that_made_it,
                                                begin, end),
                cmocka_unit_test_setup_teardown(
                        nor_is_it_when_the_wall_clock_alone_has_passed_the_tokens_end, begin, end),
                cmocka_unit_test_setup_teardown(a_token_in_its_leeway_makes_none, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
