/* Where the password comes from. libpam asks, keeps the answer for the modules behind us and wipes
 * it; here it is only measured. */
#include "attempt.h"

#include <security/pam_ext.h>
#include <syslog.h>

/* pam_get_authtok() takes an earlier answer whenever there is one, so that one goes first. */
static int ask(struct attempt *attempt, const char **ret) {
        int code;

        if (attempt->options.password_source == PASSWORD_ASK) {
                code = pam_set_item(attempt->pamh, PAM_AUTHTOK, NULL);
                if (!pam_succeeded(code))
                        return code;
        }
        return pam_get_authtok(attempt->pamh, PAM_AUTHTOK, ret, NULL);
}

static bool has_first_pass(struct attempt *attempt, const char **ret) {
        const void *item = NULL;

        if (!pam_succeeded(pam_get_item(attempt->pamh, PAM_AUTHTOK, &item)))
                return false;
        *ret = item;
        return item != NULL;
}

enum situation password_ask(struct attempt *attempt) {
        const char *password = NULL;

        if (attempt->options.password_source == PASSWORD_USE_FIRST) {
                if (!has_first_pass(attempt, &password)) {
                        attempt_log(attempt, LOG_NOTICE,
                                    "no module before has asked for a password");
                        return SITUATION_NO_PASSWORD;
                }
        } else if (!pam_succeeded(ask(attempt, &password)) || !password) {
                attempt_log(attempt, LOG_NOTICE, "user %s: no password was given", attempt->user);
                return SITUATION_NO_ANSWER;
        }
        attempt->password = text_of(password);
        if (attempt->password.len == 0 || attempt->password.len > PASSWORD_MAX) {
                attempt_log(attempt, LOG_NOTICE, "user %s: the password is empty or too long",
                            attempt->user);
                return SITUATION_NO_PASSWORD;
        }
        return SITUATION_OPEN;
}
