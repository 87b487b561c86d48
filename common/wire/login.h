/* The words of a login ticket: what was asked, and what the authority says of it. One table for the
 * signer, who writes them, and the PAM module, who reads them. */
#ifndef JETON_WIRE_LOGIN_H
#define JETON_WIRE_LOGIN_H

#include "../text.h"

enum pam_phase {
        PAM_PHASE_NONE = 0,
        PAM_PHASE_AUTH,
        PAM_PHASE_ACCOUNT,
        PAM_PHASE_SESSION, /* it is opened */
        PAM_PHASE_CLOSE,
        PAM_PHASE_CHECK,    /* chauthtok, PAM_PRELIM_CHECK: the old password */
        PAM_PHASE_PASSWORD, /* chauthtok, PAM_UPDATE_AUTHTOK: the new one */
};

/* Zero is no verdict, and no verdict is no login. */
enum login_verdict {
        LOGIN_NONE = 0,
        LOGIN_DENIED,   /* auth: wrong password, or any other reason that a guesser must not learn;
                         * elsewhere: without the role, or the session can have no token */
        LOGIN_UNKNOWN,  /* no user is linked to that account, or to another uid; close: no such
                           session */
        LOGIN_DISABLED, /* an admin disabled the user; not told in auth */
        LOGIN_EXPIRED,  /* the user's end has come; not told in auth */
        LOGIN_MUST_CHANGE, /* account: not before the password has been changed */
        /* password: what is wrong with the new one */
        LOGIN_SHORT,
        LOGIN_LONG,
        LOGIN_COMMON,
        LOGIN_NAME,
        LOGIN_SIMILAR,
        LOGIN_SIMPLE,
        LOGIN_GRANTED = 0x6a,
};

/* "auth", "granted" ...; NULL for NONE and for anything else. */
const char *pam_phase_word(enum pam_phase phase);
const char *login_verdict_word(enum login_verdict verdict);

/* The reverse; NONE for any other text. */
enum pam_phase pam_phase_of(struct text word);
enum login_verdict login_verdict_of(struct text word);

#endif
