/* links: daemon/authority/signing.c */
/* Whose fault it is: the signer's, who said what it was not asked, or the next step's. */
#include "../../daemon/authority/signing.h"

#include "../../daemon/authority/audit.h"
#include "../../daemon/authority/sessions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct authority authority;
static struct call call;
static link_hear *hear;
static int failed_with, changes, renewals;

int link_open(struct authority *by, struct link *link, int fd, enum process peer, uint32_t instance,
              link_hear *heard, link_lost *lost) {
        (void)by;
        (void)link;
        (void)fd;
        (void)instance;
        (void)lost;
        assert_int_equal(peer, PROCESS_SIGNER);
        hear = heard;
        return 0;
}

int link_send(struct link *link, enum message_type type, uint64_t number, const void *message,
              int fd) {
        (void)link;
        (void)type;
        (void)number;
        (void)message;
        (void)fd;
        return 0;
}

struct call *connections_find_call(struct connections *connections, uint64_t serial) {
        (void)connections;
        return serial == 7 ? &call : NULL;
}

int call_fail(struct call *failed, int error) {
        assert_ptr_equal(failed, &call);
        failed_with = error;
        return 0;
}

void authority_give_up(struct authority *by) {
        (void)by;
        fail();
}

int sessions_birth(struct authority *by, const struct claims *claims, int64_t *ret) {
        (void)by;
        (void)claims;
        (void)ret;
        return 0;
}

void sessions_note_birth(struct authority *by, int64_t iat) {
        (void)by;
        (void)iat;
}

int login_sessions_take_signed(struct authority *by, const struct frame *frame) {
        (void)by;
        (void)frame;
        renewals++;
        return 0;
}

int audit_key(struct authority *by, const struct msg_key_changed *change) {
        (void)by;
        changes++;
        return change->cause == KEY_CAUSE_DUE ? 0 : -EPROTO;
}

static int fails(void) {
        return -EPROTO;
}

static int signed_fails(struct call *of, const struct msg_signed *token) {
        (void)of;
        (void)token;
        return fails();
}

static int keys_fail(struct call *of, const struct frame *frame) {
        (void)of;
        (void)frame;
        return fails();
}

static int check_fails(struct call *of, bool good) {
        (void)of;
        (void)good;
        return fails();
}

static int setup(void **state) {
        (void)state;
        call = (struct call){.serial = 7};
        failed_with = changes = renewals = 0;
        return signing_join(&authority, -1);
}

static int say(enum message_type type, uint64_t number) {
        struct frame frame = {.type = type, .call = number, .fd = -1};

        if (type == MSG_NOT_SIGNED)
                frame.message.not_signed.reason = NOT_SIGNED_FAILED;
        if (type == MSG_KEY_CHANGED)
                frame.message.key_changed.cause = KEY_CAUSE_DUE;
        return hear(&authority, NULL, &frame);
}

static const enum message_type answers[] = {MSG_SIGNED, MSG_NOT_SIGNED, MSG_KEY, MSG_KEYS_END,
                                            MSG_MAC_CHECKED};

static void what_the_next_step_runs_into_is_not_the_signers_fault(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                call.signed_ = signed_fails;
                call.keys = keys_fail;
                call.checked = check_fails;
                failed_with = 0;
                assert_int_equal(say(answers[i], 7), 0);
                assert_int_equal(failed_with, answers[i] == MSG_NOT_SIGNED ? -EIO : -EPROTO);
        }
}

/* Its number is beyond every connection's: it is for no call, whatever is said. */
static void an_answer_to_a_renewal_is_for_the_session(void **state) {
        (void)state;
        call.signed_ = signed_fails;
        assert_int_equal(say(MSG_SIGNED, SIGNING_OWN | 7), 0);
        assert_int_equal(renewals, 1);
        assert_int_equal(failed_with, 0);
}

static void an_answer_to_no_question_is(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < sizeof answers / sizeof answers[0]; i++)
                assert_int_equal(say(answers[i], 7), -EPROTO);
        assert_int_equal(failed_with, 0);
}

static void an_answer_for_a_caller_who_has_left_is_nobodys(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < sizeof answers / sizeof answers[0]; i++)
                assert_int_equal(say(answers[i], 8), 0);
        assert_int_equal(failed_with, 0);
}

static void a_change_of_keys_is_of_no_call(void **state) {
        (void)state;
        assert_int_equal(say(MSG_KEY_CHANGED, 0), 0);
        assert_int_equal(changes, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_the_next_step_runs_into_is_not_the_signers_fault,
                                       setup),
                cmocka_unit_test_setup(an_answer_to_a_renewal_is_for_the_session, setup),
                cmocka_unit_test_setup(an_answer_to_no_question_is, setup),
                cmocka_unit_test_setup(an_answer_for_a_caller_who_has_left_is_nobodys, setup),
                cmocka_unit_test_setup(a_change_of_keys_is_of_no_call, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
