/* A system login's question and what has been found out for it: pam.c has the phases of a person,
 * pam_session.c those of a session. */
#ifndef JETON_AUTHORITY_PAM_H
#define JETON_AUTHORITY_PAM_H

#include "call.h"
#include "codes.h"
#include "password.h"
#include "store/logins.h"

struct pam_login {
        enum pam_phase phase;
        enum login_verdict verdict;
        uint32_t uid;
        bool as_peer; /* who asks says so: without it his uid has no right here */
        char username[USER_NAME_MAX + 1]; /* the local account's name, as asked */
        char service[SERVICE_MAX + 1];
        char rhost[RHOST_MAX + 1];
        char nonce[NONCE_LEN + 1];
        char role[ROLE_NAME_MAX + 1]; /* that the user must have; empty: none */
        int64_t began;
        uint32_t at_least; /* with LOGIN_SHORT */
        bool by_code;      /* auth: a login code took the password's place, */
        struct code taken; /* this one, or one that was out and was not */
        const char *code; /* auth: what became of a code that he had, for the audit line; or NULL */
        char reason[PASSWORD_REASON_MAX +
                    16];          /* of a no, for the audit line; of a yes, what to add */
        struct login_row session; /* that is opened, and all that is known of it; closed: its sid */
};

/* The verdict becomes a ticket. `reason` is for the audit line, and may be empty. 0 or -errno. */
int login_sign(struct call *call, enum login_verdict verdict, const char *reason);

/* What the account itself says: unknown, disabled, expired, or granted. */
enum login_verdict login_account_verdict(const struct call *call);

/* Whether he is linked to that account, and has the role that is asked for, as the database has it
 * now. */
bool login_is_linked(const struct call *call);
bool login_has_role(const struct call *call);

/* Whether what was given for a password is his login code for that service; pam_code.c. A
 * call_proof function. */
int login_try_code(struct call *call, bool *ret_proven);

/* Whether the token that made the code which was taken, its session, or all that the user has, has
 * ended by now. 0 or -errno. */
int login_code_ended(const struct call *call, bool *ret);

/* The present password of the account is tried; then `then`. 0 or -errno. */
int login_ask_password(struct call *call, const struct msg_ask_pam *ask, call_judged *then);

/* POST /pam/password/check, POST /pam/password. The message is lent. 0 or -errno. */
int login_check_present(struct call *call, const struct msg_ask_pam *ask);
int login_change_password(struct call *call, const struct msg_ask_pam *ask);

/* POST /pam/session, POST /pam/session/close. The message is lent. 0 or -errno. */
int login_open_session(struct call *call, const struct msg_ask_pam *ask);
int login_close_session(struct call *call, const struct msg_ask_pam *ask);

#endif
