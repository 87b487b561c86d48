/* When the token of a login session is replaced: by the clock that it ends by, which goes on while
 * the host sleeps and can be set.
 *
 * links: daemon/authority/login_token.c
 * flags: -Wl,--wrap=clock_gettime */
#include "../../daemon/authority/login_session.h"

#include "../../daemon/authority/authority.h"
#include "../../daemon/authority/policy.h"
#include "../../daemon/authority/sessions.h"
#include "../../daemon/authority/signing.h"
#include "../../daemon/authority/store/users.h"
#include "../../daemon/authority/token_files.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW    INT64_C(1800000000)
#define LIFE_S 900

static int64_t wall, awake; /* seconds; "awake" stands still while the host sleeps */
static unsigned asked;
static struct authority authority;
static struct login_session session = {.authority = &authority, .row = {.uid = 1000, .user_id = 7}};

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        *ret = (struct timespec){.tv_sec = clock == CLOCK_REALTIME ? wall : awake};
        return 0;
}

/* ---- what the session needs around it ---- */

int loop_timer(struct loop *loop, struct timer *timer, int64_t at_ms, void (*due)(void *context),
               void *context) {
        (void)loop;
        *timer = (struct timer){.at_ms = at_ms, .due = due, .context = context};
        return 0;
}

int users_find_uid(struct store *store, uint32_t uid, struct user **ret) {
        (void)store;
        *ret = calloc(1, sizeof **ret);
        assert_non_null(*ret);
        (*ret)->id = 7;
        (*ret)->uid = uid;
        return 0;
}

void user_free(struct user *user) {
        free(user);
}

enum refusal policy_find_audience(const struct settings *settings, struct text audience,
                                  const struct audience_rule **ret) {
        static const struct audience_rule rule = {.lifetime_s = LIFE_S};

        (void)settings;
        (void)audience;
        *ret = &rule;
        return REFUSAL_NONE;
}

bool policy_may_use(const struct audience_rule *audience, struct text roles) {
        (void)audience;
        (void)roles;
        return true;
}

enum refusal policy_narrow_scope(const struct audience_rule *audience, struct text roles,
                                 struct text granted, struct text wanted, char ret[SCOPE_MAX + 1]) {
        (void)audience;
        (void)roles;
        (void)granted;
        (void)wanted;
        ret[0] = '\0';
        return REFUSAL_NONE;
}

int sign_ask_own(struct authority *asks, uint64_t serial, const struct msg_sign_access *fields) {
        assert_ptr_equal(asks, &authority);
        assert_true(serial >= SIGNING_OWN && fields->uid == 1000);
        asked++;
        return 0;
}

int token_file_write(int dir, uint32_t uid, const char *sid, struct text token) {
        (void)dir;
        (void)uid;
        (void)sid;
        (void)token;
        return 0;
}

void sessions_note_birth(struct authority *notes, int64_t iat) {
        (void)notes;
        (void)iat;
}

void login_session_end(struct login_session *ended, const char *why) {
        (void)ended;
        fail_msg("%s", why);
}

/* ---- */

static int token_put(void **state) {
        const struct msg_signed token = {
                .token = TEXT("token"),
                .jti = TEXT("AAAAAAAAAAAAAAAAAAAAAA"),
                .issued_at = NOW,
                .expires_at = NOW + LIFE_S,
        };

        (void)state;
        wall = NOW;
        awake = 5;
        asked = 0;
        return login_session_put(&session, &token);
}

/* Lets the host be awake for so long; each timer that is due rings. */
static void live(int64_t seconds) {
        int64_t until_ms = (awake + seconds) * 1000, before = awake;

        while (session.timer.due && session.timer.at_ms <= until_ms && asked == 0) {
                void (*due)(void *) = session.timer.due;

                awake = session.timer.at_ms / 1000;
                wall += awake - before;
                before = awake;
                session.timer.due = NULL;
                due(session.timer.context);
        }
        wall += until_ms / 1000 - before;
        awake = until_ms / 1000;
}

static void it_is_replaced_at_half_of_its_life(void **state) {
        (void)state;
        live(LIFE_S / 2 - 1);
        assert_int_equal(asked, 0);
        live(1);
        assert_int_equal(asked, 1);
}

static void after_a_sleep_of_the_host_it_is_replaced_soon(void **state) {
        (void)state;
        live(10);
        wall += 8 * 3600;
        live(30);
        assert_int_equal(asked, 1);
}

static void after_the_clock_was_set_back_it_is_replaced_soon(void **state) {
        (void)state;
        live(10);
        wall -= 3600;
        live(30);
        assert_int_equal(asked, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(it_is_replaced_at_half_of_its_life, token_put),
                cmocka_unit_test_setup(after_a_sleep_of_the_host_it_is_replaced_soon, token_put),
                cmocka_unit_test_setup(after_the_clock_was_set_back_it_is_replaced_soon, token_put),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
