/* Every cell of (message, from, to, phase): permitted when the list below says so, refused
 * otherwise. The list was written from the design, not from permit.c. */
#include "../../common/cleanup.h"
#include "../../daemon/privsep/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define P PROCESS_PARENT
#define F PROCESS_FRONTEND
#define A PROCESS_AUTHORITY
#define S PROCESS_SIGNER
#define W PROCESS_WORKER
#define N PROCESS_NAMES
#define U PROCESS_UNITS
#define M PROCESS_PAM
#define I PROCESS_ISSUER

#define PROCESSES PROCESS_COUNT

struct cell {
        enum process from, to;
        bool setup, running, descriptor;
        enum message_type types[64]; /* closed by MSG_NONE */
};

static const struct cell expected[] = {
        {P, F, true, true, false, {MSG_SETUP_FRONTEND, MSG_GO}},
        {P, F, true, false, true, {MSG_DESCRIPTOR}},
        {P, F, false, true, false, {MSG_DRAIN}},
        {F, P, true, false, false, {MSG_READY}},

        {P,
         A,
         true,
         true,
         false,
         {MSG_SETUP_AUTHORITY, MSG_SETUP_ADMIN, MSG_SETUP_AUDIENCE, MSG_SETUP_SCOPE,
          MSG_SETUP_IDENTITY, MSG_SETUP_MEMBER, MSG_SETUP_SOURCE, MSG_SETUP_ISSUER, MSG_GO}},
        {P, A, true, true, true, {MSG_DESCRIPTOR}},
        {P, A, false, true, false, {MSG_DRAIN, MSG_PAM_STATE}},
        {A, P, true, false, false, {MSG_READY}},
        {A, P, false, true, false, {MSG_BREACH, MSG_RETIRE, MSG_PAM_START}},

        {P, S, true, true, false, {MSG_SETUP_SIGNER, MSG_GO}},
        {P, S, true, false, true, {MSG_DESCRIPTOR}},
        {S, P, true, false, false, {MSG_READY}},

        {P, W, true, false, false, {MSG_GO}},
        {P, W, true, true, true, {MSG_DESCRIPTOR}},
        {W, P, true, false, false, {MSG_READY}},

        {P, N, true, false, false, {MSG_GO}},
        {P, N, true, false, true, {MSG_DESCRIPTOR}},
        {N, P, true, false, false, {MSG_READY}},
        {P, U, true, false, false, {MSG_GO}},
        {P, U, true, false, true, {MSG_DESCRIPTOR}},
        {U, P, true, false, false, {MSG_READY}},

        {P, I, true, true, false, {MSG_SETUP_ISSUER, MSG_GO}},
        {P, I, true, true, true, {MSG_DESCRIPTOR}},
        {I, P, true, false, false, {MSG_READY}},
        {A, I, false, true, false, {MSG_CHECK_OUTSIDE}},
        {I, A, false, true, false, {MSG_OUTSIDE_CHECKED}},

        {P, M, true, false, false, {MSG_SETUP_PAM, MSG_GO}},
        {P, M, true, false, true, {MSG_DESCRIPTOR}},
        {M, P, true, false, false, {MSG_READY}},
        {A, M, false, true, false, {MSG_CHECK_PAM}},
        {M, A, false, true, false, {MSG_PAM_CHECKED}},

        {A, F, false, true, true, {MSG_CONNECTION}},
        {A, F, false, true, false, {MSG_ANSWER_REFUSED,     MSG_ANSWER_TOKEN,
                                    MSG_ANSWER_SESSION,     MSG_ANSWER_SESSIONS_END,
                                    MSG_ANSWER_USER,        MSG_ANSWER_USERS_END,
                                    MSG_ANSWER_IMPORTED,    MSG_ANSWER_TICKET,
                                    MSG_ANSWER_LOGIN_CODE,  MSG_ANSWER_HEALTH,
                                    MSG_ANSWER_DONE,        MSG_ANSWER_CLIENT_CHECK,
                                    MSG_ANSWER_KEY,         MSG_ANSWER_KEYS_END,
                                    MSG_ANSWER_TOKEN_CHECK, MSG_ANSWER_CLIENT,
                                    MSG_ANSWER_CLIENTS_END, MSG_ANSWER_LINK,
                                    MSG_ANSWER_LINKS_END,   MSG_ANSWER_POLICY}},
        {F,
         A,
         false,
         true,
         false,
         {MSG_CONNECTION_CLOSED,
          MSG_CALLER,
          MSG_ASK_PASSWORD_GRANT,
          MSG_ASK_REFRESH_GRANT,
          MSG_ASK_REVOKE,
          MSG_ASK_REVOCATION,
          MSG_ASK_SESSIONS,
          MSG_ASK_SESSION_END,
          MSG_ASK_ME,
          MSG_ASK_USER_ADD,
          MSG_ASK_USER_IMPORT,
          MSG_ASK_USER_LIST,
          MSG_ASK_USER_SHOW,
          MSG_ASK_USER_CHANGE,
          MSG_ASK_USER_REMOVE,
          MSG_ASK_USER_UNLOCK,
          MSG_ASK_PROFILE_CHANGE,
          MSG_ASK_PASSWORD_CHANGE,
          MSG_ASK_PAM,
          MSG_ASK_LOGIN_CODE,
          MSG_ASK_HEALTH,
          MSG_ASK_KEY_LIST,
          MSG_ASK_KEY_ROTATE,
          MSG_ASK_KEY_DROP,
          MSG_ASK_TOKEN_CHECK,
          MSG_ASK_PEER_GRANT,
          MSG_ASK_CLIENT_GRANT,
          MSG_ASK_EXCHANGE,
          MSG_ASK_OUTSIDE_GRANT,
          MSG_ASK_LINK_LIST,
          MSG_ASK_LINK_ADD,
          MSG_ASK_LINK_REMOVE,
          MSG_ASK_CLIENT_CHECK,
          MSG_ASK_CLIENT_ADD,
          MSG_ASK_CLIENT_LIST,
          MSG_ASK_CLIENT_SHOW,
          MSG_ASK_CLIENT_CHANGE,
          MSG_ASK_CLIENT_SECRET,
          MSG_ASK_CLIENT_DELETE,
          MSG_ASK_POLICY_TEST}},

        {A,
         S,
         false,
         true,
         false,
         {MSG_SIGN_ACCESS, MSG_SIGN_TICKET, MSG_KEYS_LIST, MSG_KEY_ROTATE, MSG_KEY_DROP,
          MSG_CHECK_MAC}},
        {S,
         A,
         false,
         true,
         false,
         {MSG_SIGNED, MSG_NOT_SIGNED, MSG_KEY, MSG_KEYS_END, MSG_KEY_CHANGED, MSG_MAC_CHECKED}},
        {F, A, false, true, false, {MSG_ASK_METRICS}},
        {A, F, false, true, false, {MSG_ANSWER_COUNTS}},
        {A, W, false, true, false, {MSG_HASH}},
        {W, A, false, true, false, {MSG_HASHED}},
        {A, N, false, true, false, {MSG_FIND_ACCOUNT, MSG_FIND_UID}},
        {N, A, false, true, false, {MSG_ACCOUNT}},
        {A, U, false, true, false, {MSG_FIND_PROCESS, MSG_FIND_UNIT}},
        {U, A, false, true, false, {MSG_PROCESS, MSG_UNIT}},
};

static bool cell_has(const struct cell *cell, int type) {
        for (size_t i = 0; i < ELEMENTS(cell->types) && cell->types[i] != MSG_NONE; i++)
                if ((int)cell->types[i] == type)
                        return true;
        return false;
}

/* NULL: nothing of the kind is permitted. */
static const struct cell *expected_find(int type, int from, int to, enum phase phase) {
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                const struct cell *cell = &expected[i];

                if ((int)cell->from == from && (int)cell->to == to && cell_has(cell, type))
                        return (phase == PHASE_SETUP ? cell->setup : cell->running) ? cell : NULL;
        }
        return NULL;
}

static void assert_cell(int type, int from, int to, enum phase phase) {
        const struct cell *wanted = expected_find(type, from, to, phase);
        const struct permit *found =
                permit_find((enum message_type)type, (enum process)from, (enum process)to, phase);

        if ((wanted != NULL) != (found != NULL))
                fail_msg("%s from %s to %s in phase %d: %s", message_name((enum message_type)type),
                         process_name((enum process)from), process_name((enum process)to),
                         (int)phase, found ? "permitted" : "refused");
        if (found)
                assert_int_equal(found->with_descriptor, wanted->descriptor);
}

static void every_cell_is_as_the_design_says(void **state) {
        (void)state;
        for (int type = 0; type <= MSG_COUNT; type++)
                for (int from = 0; from <= PROCESSES; from++)
                        for (int to = 0; to <= PROCESSES; to++) {
                                assert_cell(type, from, to, PHASE_SETUP);
                                assert_cell(type, from, to, PHASE_RUNNING);
                        }
}

static void each_message_between_two_has_one_row(void **state) {
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t a = 0; a < count; a++)
                for (size_t b = 0; b < a; b++)
                        assert_false(rows[a].type == rows[b].type && rows[a].from == rows[b].from &&
                                     rows[a].to == rows[b].to);
}

static void every_message_is_said_by_somebody(void **state) {
        bool is_said[MSG_COUNT] = {false};
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++)
                is_said[rows[i].type] = true;
        for (int type = 1; type < MSG_COUNT; type++)
                assert_true(is_said[type]);
}

static void only_the_authority_makes_the_signer_sign(void **state) {
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                if (rows[i].type == MSG_SIGN_ACCESS || rows[i].type == MSG_SIGN_TICKET) {
                        assert_int_equal(rows[i].from, PROCESS_AUTHORITY);
                        assert_int_equal(rows[i].to, PROCESS_SIGNER);
                        assert_int_equal(rows[i].phases, PHASE_RUNNING);
                }
                if (rows[i].to == PROCESS_SIGNER)
                        assert_true(rows[i].from == PROCESS_PARENT ||
                                    rows[i].from == PROCESS_AUTHORITY);
        }
}

/* The signer hears settings, its descriptors, GO, orders to sign and to move its own keys on: none
 * of these carries a key, so none can publish one. What it says itself carries tokens, the kids of
 * its keys, and yes or no. */
static void no_message_publishes_a_key(void **state) {
        static const bool heard[MSG_COUNT] = {
                [MSG_SETUP_SIGNER] = true, [MSG_DESCRIPTOR] = true,  [MSG_GO] = true,
                [MSG_SIGN_ACCESS] = true,  [MSG_SIGN_TICKET] = true, [MSG_KEYS_LIST] = true,
                [MSG_KEY_ROTATE] = true,   [MSG_KEY_DROP] = true,    [MSG_CHECK_MAC] = true,
        };
        static const bool said[MSG_COUNT] = {
                [MSG_READY] = true,       [MSG_SIGNED] = true,   [MSG_NOT_SIGNED] = true,
                [MSG_KEY] = true,         [MSG_KEYS_END] = true, [MSG_MAC_CHECKED] = true,
                [MSG_KEY_CHANGED] = true,
        };
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                if (rows[i].to == PROCESS_SIGNER)
                        assert_true(heard[rows[i].type]);
                if (rows[i].from == PROCESS_SIGNER)
                        assert_true(said[rows[i].type]);
        }
}

static void descriptors_only_travel_down(void **state) {
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                if (!rows[i].with_descriptor)
                        continue;
                assert_true(rows[i].from == PROCESS_PARENT ||
                            (rows[i].from == PROCESS_AUTHORITY && rows[i].to == PROCESS_FRONTEND));
        }
}

static void the_parent_hears_nothing_that_a_caller_wrote(void **state) {
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++)
                if (rows[i].to == PROCESS_PARENT)
                        assert_true(message_max(rows[i].type) <= FRAME_HEADER + 10);
}

static void processes_have_names(void **state) {
        (void)state;
        assert_string_equal(process_name(PROCESS_PARENT), "parent");
        assert_string_equal(process_name(PROCESS_NAMES), "names");
        assert_string_equal(process_name(PROCESS_UNITS), "units");
        assert_string_equal(process_name(PROCESS_PAM), "pam");
        assert_string_equal(process_name(PROCESS_ISSUER), "issuer");
        assert_string_equal(process_name((enum process)PROCESSES), "unknown");
}

static const char *when(unsigned phases) {
        switch (phases) {
        case PHASE_SETUP:
                return "set-up";
        case PHASE_RUNNING:
                return "running";
        default:
                return "set-up, running";
        }
}

/* The next line of a table with these columns; the head and the ruler are passed over. */
static bool readme_row(FILE *readme, char *ret, size_t size) {
        while (fgets(ret, (int)size, readme)) {
                size_t bars = 0;

                for (const char *p = ret; *p; p++)
                        bars += *p == '|';
                if (bars == 6 && strncmp(ret, "|---", 4) != 0 &&
                    strncmp(ret, "| message |", 11) != 0)
                        return true;
        }
        return false;
}

/* Run from the top of the tree. */
static void the_readme_shows_the_same_table(void **state) {
        _cleanup_(fclosep) FILE *readme = fopen("daemon/README.md", "re");
        char shown[256], row[256];
        size_t count;
        const struct permit *rows = permit_rows(&count);

        (void)state;
        assert_non_null(readme);
        while (fgets(shown, sizeof(shown), readme) && strncmp(shown, "| message |", 11) != 0)
                ;
        for (size_t i = 0; i < count; i++) {
                snprintf(row, sizeof(row), "| %s | %s | %s | %s | %s |\n",
                         message_name(rows[i].type), process_name(rows[i].from),
                         process_name(rows[i].to), when(rows[i].phases),
                         rows[i].with_descriptor ? "one" : "none");
                assert_true(readme_row(readme, shown, sizeof(shown)));
                assert_string_equal(shown, row);
        }
        assert_false(readme_row(readme, shown, sizeof(shown)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_cell_is_as_the_design_says),
                cmocka_unit_test(each_message_between_two_has_one_row),
                cmocka_unit_test(every_message_is_said_by_somebody),
                cmocka_unit_test(only_the_authority_makes_the_signer_sign),
                cmocka_unit_test(no_message_publishes_a_key),
                cmocka_unit_test(descriptors_only_travel_down),
                cmocka_unit_test(the_parent_hears_nothing_that_a_caller_wrote),
                cmocka_unit_test(processes_have_names),
                cmocka_unit_test(the_readme_shows_the_same_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
