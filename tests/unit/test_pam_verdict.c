/* The table of PAM codes: one situation lets in, and nothing that is not in the table does. The
 * rest of it is read from the manual and tried in tests/pam. */
/* links: pam_module/verdict.c */
#include "../../common/cleanup.h"
#include "../../pam_module/verdict.h"

#include <security/pam_modules.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NUMBERS 512 /* beyond every situation that there is */

static void only_a_granting_ticket_is_success(void **state) {
        unsigned number;

        (void)state;
        for (number = 0; number < NUMBERS; number++) {
                bool granted = number == SITUATION_GRANTED;

                assert_true((verdict_code(PAM_PHASE_AUTH, number) == PAM_SUCCESS) == granted);
                assert_true((verdict_code(PAM_PHASE_ACCOUNT, number) == PAM_SUCCESS) == granted);
                assert_true((verdict_code(PAM_PHASE_SESSION, number) == PAM_SUCCESS) == granted);
                assert_true((verdict_code(PAM_PHASE_CLOSE, number) == PAM_SUCCESS) == granted);
                assert_true((verdict_code(PAM_PHASE_CHECK, number) == PAM_SUCCESS) == granted);
                assert_true((verdict_code(PAM_PHASE_PASSWORD, number) == PAM_SUCCESS) == granted);
        }
}

static void only_strangers_are_ignored_and_in_auth_only_when_told(void **state) {
        unsigned number;

        (void)state;
        for (number = 0; number < NUMBERS; number++) {
                bool told = number == SITUATION_IGNORED;
                bool stranger = told || number == SITUATION_NOT_OURS;

                assert_true((verdict_code(PAM_PHASE_AUTH, number) == PAM_IGNORE) == told);
                assert_true((verdict_code(PAM_PHASE_ACCOUNT, number) == PAM_IGNORE) == stranger);
        }
}

static void a_session_fails_no_login(void **state) {
        unsigned number;

        (void)state;
        for (number = SITUATION_NOT_OURS; number < SITUATION_GRANTED; number++) {
                int code = verdict_code(PAM_PHASE_SESSION, number);

                /* The rest are no situations. */
                assert_true(code == PAM_IGNORE || number > SITUATION_EXPIRED);
                assert_int_equal(verdict_code(PAM_PHASE_CLOSE, number), code);
        }
}

static void what_is_not_in_the_table_is_unavailable(void **state) {
        static const unsigned numbers[] = {SITUATION_OPEN, SITUATION_UNFIT + 1, 0x69, 0x6b, 511};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(numbers); i++) {
                assert_int_equal(verdict_code(PAM_PHASE_AUTH, numbers[i]), PAM_AUTHINFO_UNAVAIL);
                assert_int_equal(verdict_code(PAM_PHASE_ACCOUNT, numbers[i]), PAM_AUTHINFO_UNAVAIL);
        }
}

static void no_phase_lets_nobody_in(void **state) {
        (void)state;
        assert_int_equal(verdict_code(PAM_PHASE_NONE, SITUATION_GRANTED), PAM_AUTHINFO_UNAVAIL);
        assert_int_equal(verdict_code(7, SITUATION_GRANTED), PAM_AUTHINFO_UNAVAIL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_a_granting_ticket_is_success),
                cmocka_unit_test(only_strangers_are_ignored_and_in_auth_only_when_told),
                cmocka_unit_test(a_session_fails_no_login),
                cmocka_unit_test(what_is_not_in_the_table_is_unavailable),
                cmocka_unit_test(no_phase_lets_nobody_in),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
