/* A login with an ID token: between the look at whose it is and the commit that uses it up, links
 * and addresses may have become others'; and when its user logged in, as far as he says it.
 *
 * links: daemon/authority/grant_outside.c
 * needs: libcrypto */
#include "../../daemon/authority/answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../daemon/authority/entitlement.h"
#include "../../daemon/authority/grant.h"
#include "../../daemon/authority/grant_outside.h"
#include "../../daemon/authority/guesser.h"
#include "../../daemon/authority/issuers.h"
#include "../../daemon/authority/user_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ALICE 7
#define BOB   8

/* Whose the subject is and whom its e-mail may link, and what becomes of it before the commit. */
struct world {
        uint64_t linked, addressed; /* 0: nobody */
        bool is_used;
};

static bool is_verified, is_revoked;

static struct world world, meanwhile;
static struct settings settings = {.outside_count = 1};
static struct connection connection;
static struct authority authority;
static struct call call;
static struct grant grant;

static enum refusal refused;
static bool is_given;
static int64_t given_auth_time;
static unsigned links_made, links_audited;

/* ---- what the others do ---- */

struct grant *grant_new(struct call *asked, struct text username, const char *method) {
        assert_string_equal(method, METHOD_OUTSIDE);
        assert_int_equal(username.len, 0);
        asked->step.grant = &grant;
        return &grant;
}

enum refusal grant_ask(const struct call *asked, struct grant *step, struct text client_id,
                       struct text audience, struct text scope) {
        (void)asked;
        (void)step;
        (void)client_id;
        (void)audience;
        (void)scope;
        return REFUSAL_NONE;
}

enum refusal grant_decide(struct call *asked) {
        (void)asked;
        return REFUSAL_NONE;
}

int grant_refuse(struct call *asked, enum refusal refusal) {
        return call_refuse(asked, refusal);
}

int grant_give(struct call *asked, int64_t auth_time) {
        assert_ptr_equal(asked, &call);
        is_given = true;
        given_auth_time = auth_time;
        return 0;
}

int call_refuse(struct call *asked, enum refusal refusal) {
        assert_ptr_equal(asked, &call);
        refused = refusal;
        return 0;
}

int call_fail(struct call *asked, int error) {
        (void)asked;
        fail_msg("%d", error);
        return 0;
}

int call_commit(struct call *asked, call_write *write, call_step *then,
                call_not_committed *otherwise) {
        int r;

        world = meanwhile;
        r = write(asked, NULL);
        return r < 0 ? otherwise(asked, r) : then(asked);
}

int issuers_ask(struct call *asked, struct text token) {
        (void)token;
        assert_non_null(asked->vouched);
        return 0;
}

int guesser_of_login(const struct call *asked, struct text name, struct throttle_key *ret) {
        (void)asked;
        (void)name;
        *ret = (struct throttle_key){.user = ""};
        return 0;
}

int gate_enter(struct call *asked, const struct throttle_key *key, gate_turn *turn) {
        (void)key;
        return turn(asked, true);
}

void gate_leave(struct call *asked, enum throttle_outcome outcome) {
        (void)asked;
        assert_int_equal(outcome, THROTTLE_UNJUDGED);
}

int sessions_token_ended(const struct authority *by, const struct claims *claims, bool *ret) {
        (void)by;
        assert_true(claims->iat > 0);
        *ret = is_revoked;
        return 0;
}

void audit(const struct call *asked, const char *event, const char *result, struct text user,
           const char *detail) {
        (void)asked;
        (void)event;
        (void)result;
        (void)user;
        (void)detail;
}

void audit_keep_client(struct call *asked, struct text client_id) {
        (void)asked;
        (void)client_id;
}

void audit_keep_name(struct text name, char ret[LOG_NAME_MAX + 1]) {
        (void)name;
        ret[0] = '\0';
}

void audit_link(const struct call *asked, const char *event, const struct outside_link *link) {
        (void)asked;
        assert_string_equal(event, "link-add");
        assert_int_equal(link->user_id, ALICE);
        assert_true(link->by_email);
        links_audited++;
}

/* ---- the store ---- */

struct store *transaction_store(const struct transaction *transaction) {
        (void)transaction;
        return NULL;
}

static int find(uint64_t id, uint64_t *ret) {
        if (id == 0)
                return -ENOENT;
        *ret = id;
        return 0;
}

int outside_links_find(struct store *store, struct text issuer, struct text sub,
                       uint64_t *ret_user_id) {
        (void)store;
        assert_true(text_is(issuer, TEXT("https://outside.example")) && text_is(sub, TEXT("s")));
        return find(world.linked, ret_user_id);
}

int outside_links_find_email(struct store *store, struct text email, uint64_t *ret_user_id) {
        (void)store;
        assert_true(text_is(email, TEXT("a@b.example")));
        return find(world.addressed, ret_user_id);
}

int outside_links_add(struct transaction *transaction, const struct outside_link *link) {
        (void)transaction;
        assert_string_equal(link->sub, "s");
        if (world.linked)
                return -EEXIST;
        links_made++;
        return 0;
}

int outside_tokens_use(struct transaction *transaction, const uint8_t digest[OUTSIDE_DIGEST_LEN],
                       int64_t now, int64_t forget_at) {
        (void)transaction;
        (void)digest;
        assert_true(forget_at > now);
        return world.is_used ? -EEXIST : 0;
}

int users_find_id(struct store *store, uint64_t id, struct user **ret) {
        static struct user user = {.name = "alice"};

        (void)store;
        user.id = id;
        *ret = &user;
        return 0;
}

/* ---- the tests ---- */

static int begin(void **state) {
        (void)state;
        call = (struct call){
                .authority = &authority, .connection = &connection, .settings = &settings};
        grant = (struct grant){.method = METHOD_OUTSIDE};
        refused = REFUSAL_NONE;
        is_given = is_revoked = false;
        is_verified = true;
        links_made = links_audited = 0;
        return 0;
}

static int end(void **state) {
        (void)state;
        freep(&call.outside);
        return 0;
}

static void log_in(int64_t auth_time, int64_t issued_at) {
        const union message message = {.ask_outside_grant = {.subject_token = TEXT("a.b.c")}};
        const struct msg_outside_checked said = {
                .verdict = OUTSIDE_VALID,
                .issuer = TEXT("https://outside.example"),
                .sub = TEXT("s"),
                .email = TEXT("a@b.example"),
                .email_verified = is_verified,
                .auth_time = auth_time,
                .issued_at = issued_at,
                .expires_at = clock_wall_s() + 300,
        };

        assert_int_equal(answer_outside_grant(&call, &message), 0);
        assert_int_equal(call.vouched(&call, &said), 0);
}

static void what_counts_is_how_it_stands_when_the_token_is_used_up(void **state) {
        static const struct {
                struct world before, after;
                bool comes_in;
                unsigned links;
        } cases[] = {
                {{ALICE, 0, false}, {ALICE, 0, false}, true, 0},
                {{ALICE, 0, false}, {0, 0, false}, false, 0},   /* the link is taken away */
                {{ALICE, 0, false}, {BOB, 0, false}, false, 0}, /* and is another's */
                {{ALICE, 0, false}, {ALICE, 0, true}, false, 0},
                {{0, ALICE, false}, {0, ALICE, false}, true, 1},
                {{0, ALICE, false}, {0, 0, false}, false, 0},         /* the address is not his */
                {{0, ALICE, false}, {0, BOB, false}, false, 0},       /* but another's */
                {{0, ALICE, false}, {ALICE, ALICE, false}, false, 0}, /* a twin was quicker */
                {{0, ALICE, false}, {0, ALICE, true}, false, 0},
                {{0, 0, false}, {ALICE, ALICE, false}, false, 0},
        };
        size_t i;

        for (i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(begin(state), 0);
                world = cases[i].before;
                meanwhile = cases[i].after;
                log_in(0, clock_wall_s());
                assert_int_equal(is_given, cases[i].comes_in);
                assert_int_equal(refused, cases[i].comes_in ? REFUSAL_NONE : REFUSAL_OUTSIDE);
                assert_int_equal(links_made, cases[i].links);
                assert_int_equal(links_audited, cases[i].links);
                assert_int_equal(end(state), 0);
        }
}

static void an_address_that_is_not_verified_links_nobody(void **state) {
        (void)state;
        world = meanwhile = (struct world){.addressed = ALICE};
        is_verified = false;
        log_in(0, clock_wall_s());
        assert_false(is_given);
        assert_int_equal(refused, REFUSAL_OUTSIDE);
        assert_int_equal(links_made, 0);
}

static void a_token_of_before_a_revocation_of_everything_is_none(void **state) {
        (void)state;
        world = meanwhile = (struct world){.linked = ALICE};
        is_revoked = true;
        log_in(0, clock_wall_s());
        assert_false(is_given);
        assert_int_equal(refused, REFUSAL_OUTSIDE);
}

static void nobody_has_logged_in_later_than_now(void **state) {
        int64_t now = clock_wall_s();

        (void)state;
        world = meanwhile = (struct world){.linked = ALICE};
        log_in(now - 1000, now - 10);
        assert_int_equal(given_auth_time, now - 1000);
        freep(&call.outside);
        log_in(0, now - 10);
        assert_int_equal(given_auth_time, now - 10);
        freep(&call.outside);
        log_in(now + 100, now + 100);
        assert_in_range(given_auth_time, now, now + 50);
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(what_counts_is_how_it_stands_when_the_token_is_used_up),
                TEST(an_address_that_is_not_verified_links_nobody),
                TEST(a_token_of_before_a_revocation_of_everything_is_none),
                TEST(nobody_has_logged_in_later_than_now),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
