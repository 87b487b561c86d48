/* POST /import/users in the authority: who may, and rows of which nothing is to be said while too
 * much waits for the frontend already.
 *
 * links: daemon/authority/user_import.c daemon/authority/refusal.c */
#include "../../daemon/authority/answers.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/admin.h"
#include "../../daemon/authority/audit.h"
#include "../../daemon/authority/naming.h"
#include "../../daemon/authority/user_rules.h"
#include "../../daemon/privsep/import_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct authority authority;
static struct connection connection;
static struct call call;
static struct import_rows rows;
static struct user somebody = {.id = 7};

static bool is_admin, is_crowded;
static enum refusal refused;
static size_t sent, done, audited;
static call_account *heard;

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

int call_fail(struct call *asked, int error) {
        (void)asked;
        (void)error;
        fail();
        return 0;
}

int call_send(struct call *asked, enum message_type type, const void *message) {
        const struct msg_answer_imported *imported = message;

        assert_ptr_equal(asked, &call);
        assert_int_equal(type, MSG_ANSWER_IMPORTED);
        done += imported->outcome == IMPORT_DONE;
        sent++;
        return 0;
}

int call_answer(struct call *asked, enum message_type type, const void *message) {
        (void)asked;
        assert_int_equal(type, MSG_ANSWER_USERS_END);
        assert_int_equal(((const struct msg_answer_users_end *)message)->total, rows.count);
        return 0;
}

int call_commit(struct call *asked, call_write *write, call_step *then,
                call_not_committed *otherwise) {
        (void)otherwise;
        assert_int_equal(write(asked, NULL), 0);
        return then(asked);
}

int admin_check(struct call *asked, uint8_t credential, struct text bearer,
                enum refusal *ret_refusal) {
        (void)asked;
        assert_int_equal(credential, CREDENTIAL_PEER);
        assert_int_equal(bearer.len, 0);
        *ret_refusal = is_admin ? REFUSAL_NONE : REFUSAL_NOT_ADMIN;
        return 0;
}

void audit(const struct call *asked, const char *event, const char *result, struct text user,
           const char *detail) {
        (void)asked;
        (void)event;
        (void)result;
        (void)user;
        (void)detail;
        audited++;
}

int naming_ask_account(struct call *asked, struct text name, call_account *then) {
        (void)asked;
        (void)name;
        heard = then;
        return 0;
}

enum refusal rule_profile(struct text full_name, struct text email, struct text roles) {
        (void)full_name;
        (void)email;
        (void)roles;
        return REFUSAL_NONE;
}

enum refusal rule_password_hash(struct text hash) {
        (void)hash;
        return REFUSAL_NONE;
}

int users_find_name(struct store *store, struct text name, struct user **ret) {
        (void)store;
        (void)name;
        (void)ret;
        return -ENOENT;
}

int users_add(struct transaction *transaction, const struct new_user *new_user,
              enum users_conflict *ret_conflict, struct user **ret) {
        (void)transaction;
        (void)ret_conflict;
        if (text_is(new_user->name, TEXT("broken")))
                return -EINVAL;
        *ret = &somebody;
        return 0;
}

void user_free(struct user *user) {
        assert_true(!user || user == &somebody);
}

int transaction_try(struct transaction *transaction,
                    int (*write)(void *context, struct transaction *transaction), void *context) {
        return write(context, transaction);
}

/* ---- the tests ---- */

static int begin(void **state) {
        const struct import_row anna = {.username = TEXT("anna")};

        (void)state;
        call = (struct call){.authority = &authority, .connection = &connection};
        rows = (struct import_rows){.len = 0};
        is_admin = true;
        is_crowded = false;
        refused = REFUSAL_NONE;
        sent = done = audited = 0;
        heard = NULL;
        return import_rows_add(&rows, &anna);
}

static int end(void **state) {
        (void)state;
        if (call.free_step)
                call.free_step(call.step.grant);
        return 0;
}

static void ask(bool allow_account_names) {
        const union message message = {
                .ask_user_import =
                        {
                                .credential = CREDENTIAL_PEER,
                                .allow_account_names = allow_account_names,
                                .rows = {rows.bytes, rows.len},
                        },
        };

        assert_int_equal(answer_user_import(&call, &message), 0);
}

static void who_is_no_administrator_brings_nobody(void **state) {
        (void)state;
        is_admin = false;
        ask(true);
        assert_int_equal(refused, REFUSAL_NOT_ADMIN);
        assert_null(call.step.import);
        assert_int_equal(sent, 0);
        assert_int_equal(audited, 0);
}

static void nothing_is_stored_of_which_there_is_no_room_to_speak(void **state) {
        (void)state;
        is_crowded = true;
        ask(true);
        assert_int_equal(refused, REFUSAL_BUSY);
        assert_null(call.step.import);
        assert_int_equal(audited, 0);
}

static void what_has_become_crowded_since_the_ask_is_sent_nothing(void **state) {
        const struct msg_account unknown = {.known = false};

        (void)state;
        ask(false);
        assert_non_null(heard);
        is_crowded = true;
        assert_int_equal(heard(&call, &unknown), 0);
        assert_int_equal(refused, REFUSAL_BUSY);
        assert_int_equal(sent, 0);
        assert_int_equal(audited, 1); /* stored is stored */
}

static void each_row_is_answered_otherwise(void **state) {
        (void)state;
        ask(true);
        assert_int_equal(refused, REFUSAL_NONE);
        assert_int_equal(sent, 1);
        assert_int_equal(audited, 1);
}

static void a_row_that_the_schema_refuses_takes_no_other_along(void **state) {
        const struct import_row broken = {.username = TEXT("broken")};
        const struct import_row carl = {.username = TEXT("carl")};

        (void)state;
        assert_int_equal(import_rows_add(&rows, &broken), 0);
        assert_int_equal(import_rows_add(&rows, &carl), 0);
        ask(true);
        assert_int_equal(refused, REFUSAL_NONE);
        assert_int_equal(sent, 3);
        assert_int_equal(done, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(who_is_no_administrator_brings_nobody, begin, end),
                cmocka_unit_test_setup_teardown(
                        nothing_is_stored_of_which_there_is_no_room_to_speak, begin, end),
                cmocka_unit_test_setup_teardown(
                        what_has_become_crowded_since_the_ask_is_sent_nothing, begin, end),
                cmocka_unit_test_setup_teardown(each_row_is_answered_otherwise, begin, end),
                cmocka_unit_test_setup_teardown(a_row_that_the_schema_refuses_takes_no_other_along,
                                                begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
