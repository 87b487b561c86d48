/* One call of the module, and the steps it is made of. A step settles the situation, or leaves it
 * open for the next one; it logs what it settles. */
#ifndef JETON_PAM_ATTEMPT_H
#define JETON_PAM_ATTEMPT_H

#include "../common/jwt/claims.h"
#include "../common/name.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "../common/wire/login.h"
#include "options.h"
#include "verdict.h"

#include <security/pam_modules.h>
#include <stdint.h>
#include <sys/types.h>

struct attempt {
        pam_handle_t *pamh; /* borrowed, as everything that libpam hands out */
        enum pam_phase phase;
        const char **argv; /* borrowed */
        struct options options;
        int bad_argument;     /* its index; -1: all are good */
        const char *user;     /* borrowed: PAM_USER */
        uid_t uid;            /* of that account */
        struct text service;  /* borrowed: PAM_SERVICE */
        struct text password; /* borrowed: PAM_AUTHTOK, or of a change PAM_OLDAUTHTOK */
        struct text new_password;
        bool by_root;            /* a change that needs no present password */
        bool only_expired;       /* a change of a password that has run out, and of no other */
        bool is_silent;          /* PAM_SILENT: nothing is said to the person */
        struct secret *present;  /* a token of the session that asks for a change; NULL: none */
        int64_t at_least;        /* characters, says the ticket */
        enum login_verdict said; /* by the ticket, of a new password */
        struct text proof; /* borrowed, opening: the ticket of this transaction's auth phase */
        char nonce[NONCE_LEN + 1];
        char sid[SID_LEN + 1]; /* opening: what the ticket says; closing: what was opened */
        struct secret *ticket; /* believed from ticket_judge() on */
};

/* Whose login it is. uid 0 and names without an account end here: whatever is wrong with jeton or
 * with the module's arguments is not their concern. */
enum situation account_find(struct attempt *attempt);

/* Whether the module's arguments are good. */
enum situation arguments_check(struct attempt *attempt);

/* Whether the account is linked to a user, by the status page alone: nobody is asked anything for
 * an account that is not ours, and nobody is let in because the page is gone. */
enum situation account_is_ours(struct attempt *attempt);

/* The password: an earlier module's or the person's answer. */
enum situation password_ask(struct attempt *attempt);

/* Whether the password is one to be changed: any, or only one that has run out. */
enum situation expiry_ask(struct attempt *attempt);

/* The present password, unless it is root who changes it; and the new one. */
enum situation present_ask(struct attempt *attempt);
enum situation present_recall(struct attempt *attempt);
enum situation new_password_ask(struct attempt *attempt);

/* Tells the person what he cannot know from the code: which password it is that must be changed or
 * was, and what is wrong with the new one. */
void situation_explain(const struct attempt *attempt, enum situation situation);

/* One exchange with the daemon, within the deadline that starts here. */
enum situation login_ask(struct attempt *attempt);

/* What the ticket says, when it is the one that we asked for. */
enum situation ticket_judge(struct attempt *attempt);

/* What a login leaves with the transaction for its session: the ticket of the auth phase. */
enum situation login_keep(struct attempt *attempt);
enum situation login_recall(struct attempt *attempt);

/* What a session leaves for its end: which one it is; and for its programs where the token is. */
enum situation session_keep(struct attempt *attempt);
enum situation session_recall(struct attempt *attempt);
enum situation session_forget(struct attempt *attempt);

/* The token of the session that this process runs in, if it runs in one: always SITUATION_OPEN. */
enum situation session_show(struct attempt *attempt);

/* Where the pages are, and who besides root may own them and the server; (uid_t)-1 for nobody. */
void attempt_run_dir(const struct attempt *attempt, char *ret, size_t size);
uid_t attempt_trusted_uid(const struct attempt *attempt);

/* To syslog, through libpam, and nowhere else. `format` holds no text from outside that has not
 * passed a grammar. LOG_DEBUG only with the argument debug. */
void attempt_log(const struct attempt *attempt, int level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
