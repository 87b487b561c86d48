/* When the token of a login session is replaced: by the clock that it ends by, which goes on while
 * the host sleeps and can be set.
 *
 * links: daemon/authority/login_token.c
 * flags: -Wl,--wrap=clock_gettime,--wrap=log_line */
#include "../../daemon/authority/login_session.h"

#include "../../daemon/authority/authority.h"
#include "../../daemon/authority/policy.h"
#include "../../daemon/authority/sessions.h"
#include "../../daemon/authority/signing.h"
#include "../../daemon/authority/store/users.h"
#include "../../daemon/authority/token_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW    INT64_C(1800000000)
#define LIFE_S 900

static int64_t wall, awake; /* seconds; "awake" stands still while the host sleeps */
static unsigned asked, lines;
static int signer; /* what asking it comes to */
static char last_line[256];
static struct authority authority;
static struct login_session session = {.authority = &authority, .row = {.uid = 1000, .user_id = 7}};

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        *ret = (struct timespec){.tv_sec = clock == CLOCK_REALTIME ? wall : awake};
        return 0;
}

void __wrap_log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

void __wrap_log_line(int level, const char *format, ...) {
        va_list args;

        (void)level;
        va_start(args, format);
        vsnprintf(last_line, sizeof last_line, format, args);
        va_end(args);
        lines++;
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
        return signer;
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
        lines = 0;
        signer = 0;
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

/* ---- a renewal that fails ---- */

static void try_again(void) {
        void (*due)(void *) = session.timer.due;

        session.timer.due = NULL;
        due(session.timer.context);
}

static void fail_so_often(unsigned times) {
        signer = -ENOSPC;
        login_session_renew(&session);
        while (--times > 0)
                try_again();
}

static void answer(enum message_type type) {
        const struct frame frame = {
                .type = type,
                .call = session.asked,
                .message.signed_token = {.token = TEXT("token"),
                                         .jti = TEXT("AAAAAAAAAAAAAAAAAAAAAA"),
                                         .issued_at = NOW,
                                         .expires_at = NOW + LIFE_S},
        };

        authority.logins.first = &session;
        assert_int_equal(login_sessions_take_signed(&authority, &frame), 0);
}

static void the_first_failure_is_told_and_then_fewer_and_fewer(void **state) {
        (void)state;
        fail_so_often(1);
        assert_int_equal(lines, 1);
        assert_non_null(strstr(last_line, "is not renewed yet (try 1): No space left on device"));
        fail_so_often(10000); /* 5.5 hours */
        assert_in_range(lines, 12, 24);
        assert_int_equal(asked, 10001);
        signer = 0;
        try_again();
        answer(MSG_SIGNED);
}

static void a_refusal_of_the_signer_is_a_failure_like_others(void **state) {
        unsigned i;

        (void)state;
        for (i = 0; i < 100; i++) {
                login_session_renew(&session);
                answer(MSG_NOT_SIGNED);
        }
        assert_in_range(lines, 1, 10);
        login_session_renew(&session);
        answer(MSG_SIGNED);
}

static void the_end_of_the_trouble_is_told_once_and_new_trouble_at_once(void **state) {
        (void)state;
        fail_so_often(9);
        signer = 0;
        lines = 0;
        try_again();
        answer(MSG_SIGNED);
        assert_int_equal(lines, 1);
        assert_non_null(strstr(last_line, "is renewed again, after 9 failures"));
        login_session_renew(&session);
        answer(MSG_SIGNED);
        assert_int_equal(lines, 1);
        fail_so_often(1);
        assert_int_equal(lines, 2);
        assert_non_null(strstr(last_line, "(try 1)"));
        signer = 0;
        try_again();
        answer(MSG_SIGNED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(it_is_replaced_at_half_of_its_life, token_put),
                cmocka_unit_test_setup(after_a_sleep_of_the_host_it_is_replaced_soon, token_put),
                cmocka_unit_test_setup(after_the_clock_was_set_back_it_is_replaced_soon, token_put),
                cmocka_unit_test_setup(the_first_failure_is_told_and_then_fewer_and_fewer,
                                       token_put),
                cmocka_unit_test_setup(a_refusal_of_the_signer_is_a_failure_like_others, token_put),
                cmocka_unit_test_setup(the_end_of_the_trouble_is_told_once_and_new_trouble_at_once,
                                       token_put),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
