/* Where the password comes from. libpam asks, keeps the answer for the modules behind us and wipes
 * it; here it is only measured. */
#include "attempt.h"

#include "../common/cleanup.h"

#include <security/pam_ext.h>
#include <syslog.h>

/* pam_get_authtok() takes an earlier answer whenever there is one, so that one goes first. */
static int ask(struct attempt *attempt, int item, enum password_source source, const char **ret) {
        int code;

        if (source == PASSWORD_ASK) {
                code = pam_set_item(attempt->pamh, item, NULL);
                if (!pam_succeeded(code))
                        return code;
        }
        return pam_get_authtok(attempt->pamh, item, ret, NULL);
}

static bool has_first_pass(const struct attempt *attempt, int item, const char **ret) {
        const void *value = NULL;

        if (!pam_succeeded(pam_get_item(attempt->pamh, item, &value)))
                return false;
        *ret = value;
        return value != NULL;
}

/* A new one that was retyped differently is none: libpam has told the person. */
static enum situation none_given(const struct attempt *attempt, int code) {
        attempt_log(attempt, LOG_NOTICE, "user %s: no password was given", attempt->user);
        return code == PAM_TRY_AGAIN ? SITUATION_NO_PASSWORD : SITUATION_NO_ANSWER;
}

static enum situation item_ask(struct attempt *attempt, int item, enum password_source source,
                               struct text *ret) {
        const char *password = NULL;
        int code;

        if (source == PASSWORD_USE_FIRST) {
                if (!has_first_pass(attempt, item, &password)) {
                        attempt_log(attempt, LOG_NOTICE,
                                    "no module before has asked for a password");
                        return SITUATION_NO_PASSWORD;
                }
        } else {
                code = ask(attempt, item, source, &password);
                if (!pam_succeeded(code) || !password)
                        return none_given(attempt, code);
        }
        *ret = text_of(password);
        if (ret->len == 0 || ret->len > PASSWORD_MAX) {
                attempt_log(attempt, LOG_NOTICE, "user %s: the password is empty or too long",
                            attempt->user);
                return SITUATION_NO_PASSWORD;
        }
        return SITUATION_OPEN;
}

enum situation password_ask(struct attempt *attempt) {
        return item_ask(attempt, PAM_AUTHTOK, attempt->options.password_source, &attempt->password);
}

/* ---- a change ---- */

enum situation present_ask(struct attempt *attempt) {
        if (attempt->by_root)
                return SITUATION_OPEN;
        return item_ask(attempt, PAM_OLDAUTHTOK, attempt->options.password_source,
                        &attempt->password);
}

/* The first half of the change has it. */
enum situation present_recall(struct attempt *attempt) {
        if (attempt->by_root)
                return SITUATION_OPEN;
        return item_ask(attempt, PAM_OLDAUTHTOK, PASSWORD_USE_FIRST, &attempt->password);
}

enum situation new_password_ask(struct attempt *attempt) {
        return item_ask(attempt, PAM_AUTHTOK, attempt->options.new_password_source,
                        &attempt->new_password);
}

static const struct {
        enum login_verdict said;
        const char *sentence;
} sentences[] = {
        {LOGIN_LONG, "The new password is too long"},
        {LOGIN_COMMON, "The new password is on the list of common passwords"},
        {LOGIN_NAME, "The new password contains the user name"},
        {LOGIN_SIMILAR, "The new password is too similar to the old one"},
        {LOGIN_SIMPLE, "The new password is too simple for this host's rules"},
};

static void unfit_explain(const struct attempt *attempt) {
        size_t i;

        if (attempt->said == LOGIN_SHORT)
                pam_error(attempt->pamh, "The new password is too short: at least %lld characters",
                          (long long)attempt->at_least);
        for (i = 0; i < ELEMENTS(sentences); i++)
                if (sentences[i].said == attempt->said)
                        pam_error(attempt->pamh, "%s", sentences[i].sentence);
}

/* Who has a local password as well is to know which of the two is meant. */
static const struct {
        enum pam_phase phase;
        enum situation situation;
        const char *sentence;
} news[] = {
        {PAM_PHASE_ACCOUNT, SITUATION_MUST_CHANGE, "Your password at jeton must be changed"},
        {PAM_PHASE_PASSWORD, SITUATION_GRANTED, "The password at jeton has been changed"},
};

void situation_explain(const struct attempt *attempt, enum situation situation) {
        size_t i;

        if (attempt->is_silent)
                return;
        if (situation == SITUATION_UNFIT)
                unfit_explain(attempt);
        for (i = 0; i < ELEMENTS(news); i++)
                if (news[i].phase == attempt->phase && news[i].situation == situation)
                        pam_info(attempt->pamh, "%s", news[i].sentence);
}
