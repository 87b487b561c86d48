/* What came of one call of the module, and the one table that makes a PAM code of it. */
#ifndef JETON_PAM_VERDICT_H
#define JETON_PAM_VERDICT_H

#include "../common/wire/login.h"

#include <stdbool.h>

enum situation {
        SITUATION_OPEN = 0,     /* nothing is settled yet; as an outcome, it refuses */
        SITUATION_NOT_OURS,     /* no such account, uid 0, below min_uid, or linked to no user */
        SITUATION_IGNORED,      /* the same, and the arguments say that such are passed over */
        SITUATION_BAD_ARGUMENT, /* the module's line in the PAM configuration is wrong */
        SITUATION_NO_SESSION,   /* closing: none was opened in this transaction */
        SITUATION_NO_ANSWER,    /* the application's conversation failed, or gave nothing */
        SITUATION_NO_PASSWORD,  /* an empty one, one beyond PASSWORD_MAX, none from a module before
                                 */
        SITUATION_CANNOT_TELL, /* the status page or NSS does not say whether the account is ours */
        SITUATION_UNAVAILABLE, /* the daemon is away, slow, busy or refused the question */
        SITUATION_UNTRUSTED,   /* an answer came, and it is not the ticket we asked for */
        SITUATION_DENIED,      /* a ticket says so, as also below */
        SITUATION_UNKNOWN,     /* or the account's name can be no user's */
        SITUATION_DISABLED,
        SITUATION_EXPIRED,
        SITUATION_MUST_CHANGE, /* the password, before the login goes on */
        SITUATION_CURRENT,     /* only what has run out is to be changed, and this has not */
        SITUATION_UNFIT,       /* the new password is not good enough */
        SITUATION_GRANTED = 0x6a,
};

/* The PAM code for it. Anything that the table does not hold is PAM_AUTHINFO_UNAVAIL. */
int verdict_code(enum pam_phase phase, enum situation situation);

/* pam_sm_setcred's answer, for everyone. */
int verdict_code_setcred(void);

/* Whether libpam did what was asked. */
bool pam_succeeded(int code);

#endif
