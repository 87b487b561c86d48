/* One conversation with PAM, where both Linux-PAM and NSS are the test's: what each code means,
 * what the modules are shown, and whom a yes proves. */
/* links: daemon/pamworker/conversation.c */
#include "../../common/cleanup.h"
#include "../../daemon/names/account.h"
#include "../../daemon/pamworker/conversation.h"

#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "of the account"

struct pam_handle {
        int unused;
};

/* What the modules do in this test, and what they saw. */
static struct {
        int prompts[4]; /* their styles, closed by 0 */
        int auth, account;
        const char *ends_as; /* PAM_USER at the end; NULL: as it began */

        struct pam_conv conversation;
        char service[80], directory[80], user[80], rhost[80], heard[80];
        int conversation_code;
        unsigned flags;
        bool has_no_delay, account_was_asked, was_ended;
} pam;

/* What NSS says: first, and when the stack has said yes. */
static uid_t uids[2];
static unsigned looks;

int account_find_name(struct text name, struct account *ret) {
        unsigned look = looks++ > 0;

        if (uids[look] == (uid_t)-1 || !text_is(name, TEXT("wanda")))
                return -ENOENT;
        ret->uid = uids[look];
        snprintf(ret->name, sizeof ret->name, "wanda");
        return 0;
}

int pam_start_confdir(const char *service, const char *user, const struct pam_conv *conversation,
                      const char *directory, pam_handle_t **ret) {
        static struct pam_handle handle;

        snprintf(pam.service, sizeof pam.service, "%s", service);
        snprintf(pam.user, sizeof pam.user, "%s", user);
        snprintf(pam.directory, sizeof pam.directory, "%s", directory);
        pam.conversation = *conversation;
        *ret = &handle;
        return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t *handle, int item, const void *value) {
        (void)handle;
        if (item == PAM_RHOST)
                snprintf(pam.rhost, sizeof pam.rhost, "%s", (const char *)value);
        if (item == PAM_FAIL_DELAY)
                pam.has_no_delay = value != NULL;
        return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t *handle, int item, const void **ret) {
        (void)handle;
        *ret = item == PAM_USER ? (pam.ends_as ? pam.ends_as : pam.user) : NULL;
        return PAM_SUCCESS;
}

static int prompt(int style) {
        const struct pam_message message = {.msg_style = style, .msg = "Password: "};
        const struct pam_message *messages[] = {&message};
        struct pam_response *response = NULL;
        int code;

        code = pam.conversation.conv(1, messages, &response, pam.conversation.appdata_ptr);
        if (code != PAM_SUCCESS)
                return code;
        assert_non_null(response);
        if (response->resp)
                snprintf(pam.heard + strlen(pam.heard), sizeof pam.heard - strlen(pam.heard),
                         "<%s>", response->resp);
        free(response->resp);
        free(response);
        return PAM_SUCCESS;
}

int pam_authenticate(pam_handle_t *handle, int flags) {
        (void)handle;
        pam.flags = (unsigned)flags;
        for (size_t i = 0; i < ELEMENTS(pam.prompts) && pam.prompts[i]; i++) {
                pam.conversation_code = prompt(pam.prompts[i]);
                if (pam.conversation_code != PAM_SUCCESS)
                        return pam.conversation_code;
        }
        return pam.auth;
}

int pam_acct_mgmt(pam_handle_t *handle, int flags) {
        (void)handle;
        (void)flags;
        pam.account_was_asked = true;
        return pam.account;
}

int pam_end(pam_handle_t *handle, int code) {
        (void)handle;
        (void)code;
        pam.was_ended = true;
        return PAM_SUCCESS;
}

static int begin(void **state) {
        (void)state;
        memset(&pam, 0, sizeof pam);
        pam.prompts[0] = PAM_PROMPT_ECHO_OFF;
        uids[0] = uids[1] = 4801;
        looks = 0;
        return 0;
}

static struct proof ask(const char *name, struct text password) {
        static const struct stack stack = {
                .service = "local", .directory = "/etc/pam.d", .min_uid = 1000};
        const struct msg_check_pam question = {
                .username = text_of(name), .password = password, .rhost = TEXT("192.0.2.7")};
        struct proof proof;

        conversation_hold(&stack, &question, &proof);
        assert_true(pam.was_ended);
        return proof;
}

static void a_right_password_proves_the_account(void **state) {
        struct proof proof = ask("wanda", TEXT(SECRET));

        (void)state;
        assert_int_equal(proof.outcome, CONVERSATION_PROVED);
        assert_int_equal(proof.uid, 4801);
        assert_string_equal(proof.name, "wanda");
        assert_string_equal(pam.heard, "<" SECRET ">");
        assert_string_equal(pam.service, "local");
        assert_string_equal(pam.directory, "/etc/pam.d");
        assert_string_equal(pam.rhost, "192.0.2.7");
        assert_true(pam.has_no_delay && pam.account_was_asked);
        assert_true(pam.flags & PAM_DISALLOW_NULL_AUTHTOK);
}

static void each_code_is_a_no_or_nothing(void **state) {
        static const struct {
                int code;
                enum conversation asked, unasked;
        } codes[] = {
                {PAM_AUTH_ERR, CONVERSATION_REFUSED, CONVERSATION_REFUSED},
                {PAM_USER_UNKNOWN, CONVERSATION_REFUSED, CONVERSATION_REFUSED},
                {PAM_PERM_DENIED, CONVERSATION_REFUSED, CONVERSATION_REFUSED},
                {PAM_MAXTRIES, CONVERSATION_REFUSED, CONVERSATION_REFUSED},
                {PAM_CRED_INSUFFICIENT, CONVERSATION_REFUSED, CONVERSATION_REFUSED},
                {PAM_SYSTEM_ERR, CONVERSATION_REFUSED, CONVERSATION_BROKEN},
                {PAM_SERVICE_ERR, CONVERSATION_REFUSED, CONVERSATION_BROKEN},
                {PAM_AUTHINFO_UNAVAIL, CONVERSATION_BROKEN, CONVERSATION_BROKEN},
                {PAM_MODULE_UNKNOWN, CONVERSATION_BROKEN, CONVERSATION_BROKEN},
                {PAM_ABORT, CONVERSATION_BROKEN, CONVERSATION_BROKEN},
                {PAM_SUCCESS, CONVERSATION_PROVED, CONVERSATION_REFUSED},
        };

        for (size_t i = 0; i < ELEMENTS(codes); i++) {
                begin(state);
                pam.auth = codes[i].code;
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, codes[i].asked);
                begin(state);
                pam.auth = codes[i].code;
                pam.prompts[0] = 0;
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, codes[i].unasked);
        }
}

static void the_account_lines_have_the_last_word(void **state) {
        static const int codes[] = {PAM_ACCT_EXPIRED, PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED,
                                    PAM_USER_UNKNOWN, PAM_AUTH_ERR,         PAM_AUTHTOK_EXPIRED};

        for (size_t i = 0; i < ELEMENTS(codes); i++) {
                begin(state);
                pam.account = codes[i];
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
        }
}

static void the_password_is_shown_once_and_nothing_else_is_answered(void **state) {
        static const int refused[][4] = {
                {PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_OFF},
                {PAM_PROMPT_ECHO_ON},
                {PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON},
                {PAM_PROMPT_ECHO_OFF, PAM_TEXT_INFO, PAM_PROMPT_ECHO_OFF},
                {99},
        };

        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                begin(state);
                memcpy(pam.prompts, refused[i], sizeof pam.prompts);
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
                assert_int_equal(pam.conversation_code, PAM_CONV_ERR);
        }
        begin(state);
        pam.prompts[0] = PAM_ERROR_MSG;
        pam.prompts[1] = PAM_PROMPT_ECHO_OFF;
        pam.prompts[2] = PAM_TEXT_INFO;
        assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_PROVED);
        assert_string_equal(pam.heard, "<" SECRET ">");
}

/* Not cut at the NUL: that would be another password. */
static void a_password_that_cannot_be_right_is_not_shown(void **state) {
        (void)state;
        assert_int_equal(ask("wanda", TEXT_NONE).outcome, CONVERSATION_REFUSED);
        assert_string_equal(pam.heard, "");
        begin(state);
        assert_int_equal(ask("wanda", TEXT(SECRET "\0x")).outcome, CONVERSATION_REFUSED);
        assert_string_equal(pam.heard, "");
}

static void more_messages_than_pam_has_are_refused(void **state) {
        struct pam_response *response = NULL;
        const struct pam_message **none = NULL;

        (void)state;
        ask("wanda", TEXT(SECRET));
        assert_int_equal(pam.conversation.conv(0, none, &response, NULL), PAM_CONV_ERR);
        assert_int_equal(pam.conversation.conv(PAM_MAX_NUM_MSG + 1, none, &response, NULL),
                         PAM_CONV_ERR);
        assert_null(response);
}

static void another_user_at_the_end_proves_nobody(void **state) {
        (void)state;
        pam.ends_as = "root";
        assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
}

static void below_min_uid_another_name_is_asked_about(void **state) {
        static const uid_t low[] = {0, 1, 999};

        for (size_t i = 0; i < ELEMENTS(low); i++) {
                begin(state);
                uids[0] = uids[1] = low[i];
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
                assert_string_equal(pam.user, "?");
                assert_string_equal(pam.heard, "<" SECRET ">");
        }
}

/* A stack that lets everybody in, and NSS that does not know him, or changes its mind. */
static void a_yes_without_an_account_is_a_no(void **state) {
        static const uid_t after[] = {0, 4802, (uid_t)-1};

        for (size_t i = 0; i < ELEMENTS(after); i++) {
                begin(state);
                uids[1] = after[i];
                assert_int_equal(ask("wanda", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
        }
        begin(state);
        assert_int_equal(ask("nobody-of-that-name", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
        assert_string_equal(pam.user, "nobody-of-that-name");
        begin(state);
        assert_int_equal(ask("", TEXT(SECRET)).outcome, CONVERSATION_REFUSED);
        assert_string_equal(pam.user, "?");
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_right_password_proves_the_account),
                TEST(each_code_is_a_no_or_nothing),
                TEST(the_account_lines_have_the_last_word),
                TEST(the_password_is_shown_once_and_nothing_else_is_answered),
                TEST(a_password_that_cannot_be_right_is_not_shown),
                TEST(more_messages_than_pam_has_are_refused),
                TEST(another_user_at_the_end_proves_nobody),
                TEST(below_min_uid_another_name_is_asked_about),
                TEST(a_yes_without_an_account_is_a_no),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
