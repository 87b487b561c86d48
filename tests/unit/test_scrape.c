/* links: daemon/authority/metrics.c */
/* GET /metrics in the authority: who may look, what is sent of the pages, and when nothing is. */
#include "../../daemon/authority/answers.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/admin.h"
#include "../../daemon/authority/identity.h"
#include "../../daemon/authority/signing.h"
#include "../../daemon/authority/store/sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct settings settings;
static struct connection connection;
static uint64_t pages[COUNTS_SHARED][COUNTS_WORDS], got[COUNTS_PAGES][COUNTS_WORDS];
static struct authority authority;
static struct call call;

static call_keys *heard;
static bool is_crowded, is_answered, is_admin, is_member;
static enum refusal refused;
static size_t sent;

/* ---- what the others do ---- */

bool call_is_crowded(const struct call *asked) {
        assert_ptr_equal(asked, &call);
        return is_crowded;
}

int call_refuse(struct call *asked, enum refusal refusal) {
        assert_ptr_equal(asked, &call);
        refused = refusal;
        return 0;
}

int call_send(struct call *asked, enum message_type type, const void *message) {
        const struct msg_answer_counts *answer = message;

        assert_ptr_equal(asked, &call);
        assert_int_equal(type, MSG_ANSWER_COUNTS);
        assert_int_equal(counts_unpack(answer, got), 0);
        sent += answer->words.len;
        return 0;
}

int call_answer(struct call *asked, enum message_type type, const void *message) {
        assert_ptr_equal(asked, &call);
        assert_int_equal(type, MSG_ANSWER_DONE);
        assert_null(message);
        is_answered = true;
        return 0;
}

int sign_ask_keys(struct call *asked, enum message_type type, const void *message,
                  call_keys *then) {
        (void)message;
        assert_ptr_equal(asked, &call);
        assert_int_equal(type, MSG_KEYS_LIST);
        heard = then;
        return 0;
}

int admin_check(struct call *asked, uint8_t credential, struct text bearer,
                enum refusal *ret_refusal) {
        (void)asked;
        (void)credential;
        (void)bearer;
        *ret_refusal = is_admin ? REFUSAL_NONE : REFUSAL_NOT_ADMIN;
        return 0;
}

bool peer_is_in(const struct peer *peer, uint32_t gid) {
        assert_ptr_equal(peer, &connection.peer);
        assert_int_equal(gid, settings.metrics_gid);
        return is_member;
}

void workers_count(const struct workers *workers, uint64_t *counts) {
        (void)workers;
        (void)counts;
}

size_t gate_count_locked(const struct authority *by) {
        (void)by;
        return 0;
}

int sessions_list(struct store *store, const struct session_filter *filter,
                  int (*each)(void *context, const struct session *session), void *context,
                  uint64_t *ret_total) {
        (void)store;
        (void)filter;
        assert_null(each);
        assert_null(context);
        *ret_total = 0;
        return 0;
}

/* ---- the tests ---- */

static int begin(void **state) {
        size_t i;

        (void)state;
        memset(pages, 0, sizeof pages);
        memset(got, 0, sizeof got);
        settings = (struct settings){.metrics_gid = UINT32_MAX};
        connection = (struct connection){.class = CLASS_LOCAL, .peer = {.is_known = true}};
        authority = (struct authority){.settings = &settings};
        for (i = 0; i < COUNTS_SHARED; i++)
                authority.counts_pages[i] = pages[i];
        call = (struct call){
                .authority = &authority,
                .connection = &connection,
                .settings = &settings,
        };
        is_crowded = is_answered = is_member = false;
        is_admin = true;
        refused = REFUSAL_NONE;
        sent = 0;
        heard = NULL;
        return 0;
}

static int end(void **state) {
        (void)state;
        free(call.step.counts);
        return 0;
}

static void ask_with(uint8_t credential) {
        const union message message = {.ask_metrics = {.credential = credential}};

        assert_int_equal(answer_metrics(&call, &message), 0);
}

static void ask(void) {
        ask_with(CREDENTIAL_PEER);
}

static void hear_of_keys(void) {
        const struct frame frame = {.type = MSG_KEYS_END};

        assert_non_null(heard);
        assert_int_equal(heard(&call, &frame), 0);
}

static int hear_of_key(uint8_t algorithm, uint8_t state) {
        const struct frame frame = {
                .type = MSG_KEY,
                .message.key = {.algorithm = algorithm, .state = state, .since = 1700000000},
        };

        assert_non_null(heard);
        return heard(&call, &frame);
}

static void a_member_of_the_group_looks_as_himself_alone(void **state) {
        static const struct {
                bool is_member, is_known;
                uint32_t gid;
                uint8_t credential;
                bool may;
        } cases[] = {
                {true, true, 7, CREDENTIAL_PEER, true},
                {false, true, 7, CREDENTIAL_PEER, false},
                {true, true, 7, CREDENTIAL_BEARER, false},
                {true, true, 7, CREDENTIAL_NONE, false},
                {true, false, 7, CREDENTIAL_PEER, false},         /* the proxy's group */
                {true, true, UINT32_MAX, CREDENTIAL_PEER, false}, /* no group is set */
        };
        size_t i;

        for (i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(begin(state), 0);
                is_admin = false;
                is_member = cases[i].is_member;
                connection.peer.is_known = cases[i].is_known;
                settings.metrics_gid = cases[i].gid;
                ask_with(cases[i].credential);
                assert_int_equal(refused, cases[i].may ? REFUSAL_NONE : REFUSAL_NOT_ADMIN);
                assert_int_equal(heard != NULL, cases[i].may);
                assert_int_equal(end(state), 0);
                call.step.counts = NULL;
        }
}

static void an_administrator_needs_no_group(void **state) {
        (void)state;
        ask_with(CREDENTIAL_BEARER);
        assert_int_equal(refused, REFUSAL_NONE);
        assert_non_null(heard);
}

static void a_key_that_there_cannot_be_is_not_counted(void **state) {
        const uint64_t *counts;

        (void)state;
        ask();
        counts = call.step.counts;
        assert_int_equal(hear_of_key(KEY_ALGORITHM_COUNT, KEY_ACTIVE), -EPROTO);
        assert_int_equal(hear_of_key(KEY_ES256, COUNTED_STATES), -EPROTO);
        assert_int_equal(hear_of_key(KEY_RS256, KEY_RETIRED), 0);
        assert_int_equal(hear_of_key(KEY_ES256, KEY_ACTIVE), 0);
        assert_int_equal(counts[COUNT_KEYS + KEY_RS256 * COUNTED_STATES + KEY_RETIRED], 1);
        assert_int_equal(counts[COUNT_KEYS + KEY_ES256 * COUNTED_STATES + KEY_ACTIVE], 1);
        assert_int_equal(counts[COUNT_KEY_ACTIVE_AT + KEY_ES256], 1700000000);
        assert_int_equal(counts[COUNT_KEY_ACTIVE_AT + KEY_RS256], 0);
}

static void a_crowded_frontend_is_asked_no_keys_for(void **state) {
        (void)state;
        is_crowded = true;
        ask();
        assert_int_equal(refused, REFUSAL_BUSY);
        assert_null(heard);
}

/* Many may be asked before the first of them is answered. */
static void what_has_become_crowded_since_the_ask_is_sent_nothing(void **state) {
        (void)state;
        ask();
        is_crowded = true;
        hear_of_keys();
        assert_int_equal(refused, REFUSAL_BUSY);
        assert_false(is_answered);
        assert_int_equal(sent, 0);
}

static void a_page_is_sent_as_far_as_it_is_written(void **state) {
        (void)state;
        pages[CLASS_LOCAL][0] = 5;
        pages[CLASS_LOCAL][COUNTS_A_FRAME] = 6;
        pages[COUNTS_PARENT][COUNTS_WORDS - 1] = 7;
        ask();
        hear_of_keys();
        assert_true(is_answered);
        assert_int_equal(refused, REFUSAL_NONE);
        assert_memory_equal(got, pages, sizeof pages);
        assert_int_equal(sent, (COUNTS_OF_AUTHORITY + COUNTS_A_FRAME + 1 + COUNTS_WORDS) *
                                       sizeof(uint64_t));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_member_of_the_group_looks_as_himself_alone, begin,
                                                end),
                cmocka_unit_test_setup_teardown(an_administrator_needs_no_group, begin, end),
                cmocka_unit_test_setup_teardown(a_key_that_there_cannot_be_is_not_counted, begin,
                                                end),
                cmocka_unit_test_setup_teardown(a_crowded_frontend_is_asked_no_keys_for, begin,
                                                end),
                cmocka_unit_test_setup_teardown(
                        what_has_become_crowded_since_the_ask_is_sent_nothing, begin, end),
                cmocka_unit_test_setup_teardown(a_page_is_sent_as_far_as_it_is_written, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
