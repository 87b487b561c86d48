/* The table of PAM codes. PAM_SUCCESS is 0, as an uninitialised field and a comparison of equals
 * are: this is the only file that writes or reads it. */
#include "verdict.h"

#include "../common/cleanup.h"

#include <security/pam_modules.h>

/* Rows are searched, not indexed: a hole in an array would be a zero, and zero is PAM_SUCCESS.
 *
 * In the account phase the account is known to be linked by the time a ticket is read, so "unknown"
 * there is a contradiction between page and ticket: it refuses, where not being ours would not.
 *
 * Who has come as far as the session is in: without a token, if need be. */
static const struct row {
        enum situation situation;
        int auth, account, session, password; /* session and password: both halves */
} codes[] = {
        {SITUATION_NOT_OURS, PAM_USER_UNKNOWN, PAM_IGNORE, PAM_IGNORE, PAM_USER_UNKNOWN},
        {SITUATION_IGNORED, PAM_IGNORE, PAM_IGNORE, PAM_IGNORE, PAM_IGNORE},
        {SITUATION_BAD_ARGUMENT, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_IGNORE, PAM_SERVICE_ERR},
        {SITUATION_NO_SESSION, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE,
         PAM_AUTHINFO_UNAVAIL},
        {SITUATION_NO_ANSWER, PAM_CONV_ERR, PAM_CONV_ERR, PAM_IGNORE, PAM_CONV_ERR},
        {SITUATION_NO_PASSWORD, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_IGNORE, PAM_AUTHTOK_ERR},
        {SITUATION_CANNOT_TELL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE,
         PAM_AUTHINFO_UNAVAIL},
        {SITUATION_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE,
         PAM_AUTHINFO_UNAVAIL},
        {SITUATION_UNTRUSTED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE,
         PAM_AUTHINFO_UNAVAIL},
        {SITUATION_DENIED, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_IGNORE, PAM_AUTH_ERR},
        {SITUATION_UNKNOWN, PAM_USER_UNKNOWN, PAM_PERM_DENIED, PAM_IGNORE, PAM_USER_UNKNOWN},
        /* Only someone who has logged in learns that the user is disabled, or at his end. */
        {SITUATION_DISABLED, PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_IGNORE, PAM_PERM_DENIED},
        {SITUATION_EXPIRED, PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_IGNORE, PAM_PERM_DENIED},
        {SITUATION_MUST_CHANGE, PAM_AUTHINFO_UNAVAIL, PAM_NEW_AUTHTOK_REQD, PAM_IGNORE,
         PAM_AUTHINFO_UNAVAIL},
        {SITUATION_CURRENT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE, PAM_IGNORE},
        {SITUATION_UNFIT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_IGNORE, PAM_AUTHTOK_ERR},
        {SITUATION_GRANTED, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
};

static int code_in(const struct row *row, enum pam_phase phase) {
        switch (phase) {
        case PAM_PHASE_AUTH:
                return row->auth;
        case PAM_PHASE_ACCOUNT:
                return row->account;
        case PAM_PHASE_SESSION:
        case PAM_PHASE_CLOSE:
                return row->session;
        case PAM_PHASE_CHECK:
        case PAM_PHASE_PASSWORD:
                return row->password;
        case PAM_PHASE_NONE:
                break;
        }
        return PAM_AUTHINFO_UNAVAIL;
}

int verdict_code(enum pam_phase phase, enum situation situation) {
        size_t i;

        for (i = 0; i < ELEMENTS(codes); i++)
                if (codes[i].situation == situation)
                        return code_in(&codes[i], phase);
        return PAM_AUTHINFO_UNAVAIL;
}

/* There are no credentials to set. libpam runs this chain along the codes that authentication gave,
 * and a chain in which nobody says PAM_SUCCESS fails the login. */
int verdict_code_setcred(void) {
        return PAM_SUCCESS;
}

bool pam_succeeded(int code) {
        return code == PAM_SUCCESS;
}
