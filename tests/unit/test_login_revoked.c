/* Which sessions of system logins end with what is revoked: when it is committed, and not before.
 *
 * links: daemon/authority/login_revoked.c
 * needs: libcrypto */
#include "../../daemon/authority/login_session.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/authority.h"
#include "../../daemon/authority/sessions.h"
#include "../../daemon/authority/store/sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)
#define ALL 3

static struct authority authority;
static struct login_session sessions[ALL];
static unsigned rows_removed, entries, renewed;
static void (*review)(void *context);

/* ---- what is around it ---- */

int logins_remove(struct transaction *transaction, struct text sid) {
        (void)transaction;
        (void)sid;
        rows_removed++;
        return 0;
}

struct revoked revoked_session(const char *sid, const char *sub) {
        struct revoked revoked = {.kind = REVOKED_SESSION};

        (void)sub;
        snprintf(revoked.claim, sizeof revoked.claim, "%s", sid);
        return revoked;
}

int sessions_revoke_tokens(struct authority *revokes, struct transaction *transaction,
                           const struct revoked *revoked) {
        assert_ptr_equal(revokes, &authority);
        (void)transaction;
        assert_int_equal(revoked->kind, REVOKED_SESSION);
        entries++;
        return 0;
}

int loop_timer(struct loop *loop, struct timer *timer, int64_t at_ms, void (*due)(void *context),
               void *context) {
        (void)loop;
        (void)timer;
        (void)at_ms;
        assert_ptr_equal(context, &authority);
        review = due;
        return 0;
}

void login_session_end(struct login_session *session, const char *why) {
        session->why = why;
}

void login_session_renew(void *session) {
        (void)session;
        renewed++;
}

struct login_session *login_session_find(const struct authority *asked, struct text sid) {
        struct login_session *session;

        for (session = asked->logins.first; session; session = session->next)
                if (!session->why && text_is(text_of(session->row.sid), sid))
                        return session;
        return NULL;
}

/* ---- */

/* Sessions 0 and 1 are of user 7, and began at NOW - 100 and NOW; session 2 is another's. */
static int begin(void **state) {
        size_t i;

        (void)state;
        authority = (struct authority){.logins = {.first = NULL}};
        rows_removed = entries = renewed = 0;
        review = NULL;
        for (i = 0; i < ALL; i++) {
                sessions[i] = (struct login_session){
                        .authority = &authority,
                        .next = authority.logins.first,
                        .row = {.user_id = i == 2 ? 8 : 7, .began_at = i == 0 ? NOW - 100 : NOW},
                        .issued_at = NOW,
                        .asked = 5,
                };
                snprintf(sessions[i].row.sid, sizeof sessions[i].row.sid, "sid-%zu", i);
                snprintf(sessions[i].jti, sizeof sessions[i].jti, "jti-%zu", i);
                authority.logins.first = &sessions[i];
        }
        return 0;
}

static int end(void **state) {
        (void)state;
        revocations_clear(&authority.revocations);
        return 0;
}

static struct revoked revoked_of(enum revocation_kind kind, const char *claim) {
        struct revoked revoked = {.kind = kind, .user_id = 7};

        snprintf(revoked.claim, sizeof revoked.claim, "%s", claim);
        return revoked;
}

static void write_revoked(const struct revoked *revoked, int64_t before) {
        const struct revocation revocation = {.entry = {.before = before}, .login_before = before};

        assert_int_equal(login_sessions_write_revoked(&authority, NULL, revoked, &revocation), 0);
}

static void commit(void) {
        login_sessions_follow(&authority);
        if (review)
                review(&authority);
}

/* A digit for each: 1 is over. */
static void assert_over(const char *expected) {
        char over[ALL + 1] = "";
        size_t i;

        for (i = 0; i < ALL; i++)
                over[i] = sessions[i].why ? '1' : '0';
        assert_string_equal(over, expected);
}

static void each_kind_ends_what_it_names(void **state) {
        static const struct {
                enum revocation_kind kind;
                const char *claim, *over;
        } rows[] = {
                {REVOKED_TOKEN, "jti-1", "010"},    {REVOKED_TOKEN, "jti-9", "000"},
                {REVOKED_SESSION, "sid-2", "001"},  {REVOKED_SESSION, "sid-9", "000"},
                {REVOKED_SUBJECT, "7", "110"},      {REVOKED_CLIENT, "local", "111"},
                {REVOKED_CLIENT, "grafana", "000"}, {REVOKED_ALL, "", "111"},
        };
        size_t i;

        for (i = 0; i < ELEMENTS(rows); i++) {
                const struct revoked revoked = revoked_of(rows[i].kind, rows[i].claim);

                begin(state);
                write_revoked(&revoked, NOW + 1);
                assert_over("000");
                commit();
                assert_over(rows[i].over);
                assert_int_equal(entries, 0);
        }
}

static void what_began_before_a_time_ends_and_its_younger_token_with_it(void **state) {
        const struct revoked user = revoked_of(REVOKED_SUBJECT, "7");

        (void)state;
        write_revoked(&user, NOW - 50);
        commit();
        assert_over("100");
        assert_int_equal(rows_removed, 1);
        assert_int_equal(entries, 1);
}

static void a_token_that_is_on_its_way_reaches_no_session_that_is_over(void **state) {
        const struct revoked user = revoked_of(REVOKED_SUBJECT, "7");

        (void)state;
        write_revoked(&user, NOW + 1);
        login_sessions_follow(&authority);
        assert_true(sessions[0].asked == 0 && sessions[1].asked == 0 && sessions[2].asked == 5);
}

static void what_was_not_committed_ends_nothing(void **state) {
        const struct revoked all = revoked_of(REVOKED_ALL, ""),
                             one = revoked_of(REVOKED_SESSION, "sid-2");

        (void)state;
        write_revoked(&all, NOW + 1);
        login_sessions_spare(&authority);
        commit();
        assert_over("000");
        write_revoked(&one, NOW + 1);
        commit();
        assert_over("001");
}

static void a_new_password_keeps_its_session(void **state) {
        struct revoked user = revoked_of(REVOKED_SUBJECT, "7");

        (void)state;
        snprintf(user.kept_sid, sizeof user.kept_sid, "sid-0");
        write_revoked(&user, NOW + 1);
        login_sessions_follow(&authority);
        login_session_keep(&authority, TEXT("sid-0"));
        review(&authority);
        assert_over("010");
        assert_int_equal(renewed, 1);
}

static void unless_the_same_commit_revokes_it_otherwise(void **state) {
        struct revoked user = revoked_of(REVOKED_SUBJECT, "7");
        const struct revoked all = revoked_of(REVOKED_ALL, "");

        (void)state;
        snprintf(user.kept_sid, sizeof user.kept_sid, "sid-0");
        write_revoked(&all, NOW + 1);
        write_revoked(&user, NOW + 1);
        login_sessions_follow(&authority);
        login_session_keep(&authority, TEXT("sid-0"));
        review(&authority);
        assert_over("111");
        assert_int_equal(renewed, 0);
}

/* Of user 8, whose 65th token was revoked: that names no session. */
static void where_entries_are_collapsed_tokens_are_looked_at_one_by_one(void **state) {
        struct page_revocation entry = {.kind = REVOKED_SUBJECT, .before = NOW + 1};

        (void)state;
        assert_int_equal(revocation_digest(TEXT("8"), entry.value), 0);
        assert_int_equal(revocations_add(&authority.revocations, &entry), 0);
        commit();
        assert_over("000");
        authority.logins.is_review_whole = true;
        commit();
        assert_over("001");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(each_kind_ends_what_it_names),
                TEST(what_began_before_a_time_ends_and_its_younger_token_with_it),
                TEST(a_token_that_is_on_its_way_reaches_no_session_that_is_over),
                TEST(what_was_not_committed_ends_nothing),
                TEST(a_new_password_keeps_its_session),
                TEST(unless_the_same_commit_revokes_it_otherwise),
                TEST(where_entries_are_collapsed_tokens_are_looked_at_one_by_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
