/* The codes of PAM in words: what they mean in a stack with pam_jeton, and what to do. */
#include "trial.h"

#include "../../common/cleanup.h"

#define LOOK "jeton doctor finds out"
#define LOG  "the lines above, from the modules' log, say which and why"

/* Those of a circumstance come before what the code means otherwise. */
static const struct code codes[] = {
        {PAM_SUCCESS, "PAM_SUCCESS", "granted", NULL},
        {PAM_AUTH_ERR, "PAM_AUTH_ERR", "refused: this host has no such account",
         "getent passwd lists them", CIRCUMSTANCE_NO_ACCOUNT},
        {PAM_AUTH_ERR, "PAM_AUTH_ERR", "refused, and not by jeton, which the stack does not ask",
         LOG, CIRCUMSTANCE_NO_LINE},
        {PAM_AUTH_ERR, "PAM_AUTH_ERR", "refused, and not by jeton, which could not be asked",
         LOG "; " LOOK, CIRCUMSTANCE_TROUBLE},
        {PAM_AUTH_ERR, "PAM_AUTH_ERR",
         "refused: a wrong password, or a user who is disabled, at his end or has to wait",
         "jeton user show NAME; then user passwd, user enable or user unlock"},
        {PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN", "this host has no such account",
         "getent passwd lists them", CIRCUMSTANCE_NO_ACCOUNT},
        {PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN", "a module does not know the user", LOG,
         CIRCUMSTANCE_NO_LINE},
        {PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN",
         "not jeton's: no such account, root, below min_uid, or linked to no user",
         "jeton user link NAME ACCOUNT, if the account is to be jeton's"},
        {PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL", "a module cannot tell", LOG,
         CIRCUMSTANCE_NO_LINE},
        {PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL",
         "nobody can tell: the daemon is away, slow or not believed, or a page is damaged", LOOK},
        {PAM_PERM_DENIED, "PAM_PERM_DENIED",
         "refused: by a module, or by libpam because no line has granted it", LOG},
        {PAM_ACCT_EXPIRED, "PAM_ACCT_EXPIRED", "the account is at its end", LOG,
         CIRCUMSTANCE_NO_LINE},
        {PAM_ACCT_EXPIRED, "PAM_ACCT_EXPIRED", "the user is disabled, or the account is at its end",
         "jeton user show NAME; then user enable or user expire"},
        {PAM_NEW_AUTHTOK_REQD, "PAM_NEW_AUTHTOK_REQD", "the password must be changed", "passwd",
         CIRCUMSTANCE_NO_LINE},
        {PAM_NEW_AUTHTOK_REQD, "PAM_NEW_AUTHTOK_REQD", "the password must be changed",
         "jeton passwd, or passwd where the stack has jeton in its password lines"},
        {PAM_SERVICE_ERR, "PAM_SERVICE_ERR", "a line of the stack has an argument that is wrong",
         LOG "; pam_jeton(8) lists the arguments"},
        {PAM_CONV_ERR, "PAM_CONV_ERR", "no password was given", "try again"},
        {PAM_MODULE_UNKNOWN, "PAM_MODULE_UNKNOWN", "a module is not there, or has no such phase",
         LOG},
        {PAM_OPEN_ERR, "PAM_OPEN_ERR", "a module cannot be loaded", LOG},
        {PAM_SYMBOL_ERR, "PAM_SYMBOL_ERR", "a module has no such phase", LOG},
        {PAM_ABORT, "PAM_ABORT", "libpam cannot read the stack", LOOK},
        {PAM_SYSTEM_ERR, "PAM_SYSTEM_ERR", "a module, or the system, failed", LOG},
        {PAM_BUF_ERR, "PAM_BUF_ERR", "out of memory", NULL},
        {PAM_MAXTRIES, "PAM_MAXTRIES", "too many tries", "wait", CIRCUMSTANCE_NO_LINE},
        {PAM_MAXTRIES, "PAM_MAXTRIES", "too many tries", "wait, or jeton user unlock NAME"},
        {PAM_AUTHTOK_ERR, "PAM_AUTHTOK_ERR", "there is no password to work with", LOG},
        {PAM_CRED_ERR, "PAM_CRED_ERR", "the credentials cannot be set", LOG},
        {PAM_CRED_UNAVAIL, "PAM_CRED_UNAVAIL", "the credentials cannot be had", LOG},
        {PAM_CRED_EXPIRED, "PAM_CRED_EXPIRED", "the credentials are at their end", LOG},
        {PAM_CRED_INSUFFICIENT, "PAM_CRED_INSUFFICIENT", "this process may not ask that",
         "run it as root"},
        {PAM_SESSION_ERR, "PAM_SESSION_ERR", "a session cannot be opened or closed",
         LOG "; it needs root"},
        {PAM_IGNORE, "PAM_IGNORE", "no line had a say", LOOK},
};

static const struct code other = {-1, "another code", "pam(3) lists the codes", LOG};

static bool is_in(const struct code *code, enum circumstance circumstance) {
        return code->circumstance == CIRCUMSTANCE_NONE || code->circumstance == circumstance;
}

const struct code *code_find(int number, enum circumstance circumstance) {
        size_t i;

        for (i = 0; i < ELEMENTS(codes); i++)
                if (codes[i].number == number && is_in(&codes[i], circumstance))
                        return &codes[i];
        return &other;
}
