/* One call: a request of a caller from the frontend's message to the answer. A call waits for
 * workers and the signer in steps; each step leaves for the next what that needs. */
#ifndef JETON_AUTHORITY_CALL_H
#define JETON_AUTHORITY_CALL_H

#include "../../common/secret.h"
#include "../privsep/loop.h"
#include "../privsep/message.h"
#include "authority.h"
#include "gate.h"
#include "refusal.h"
#include "setting.h"
#include "store/users.h"

enum password_verdict {
        PASSWORD_WRONG = 0, /* or the user is unknown, disabled, without one: nobody is told */
        PASSWORD_THROTTLED, /* nobody looked at it */
        PASSWORD_REPLACED = 0x5c, /* by something else that may stand in its place, and is right */
        PASSWORD_RIGHT = 0x6a,
};

/* Steps that continue a call when another process has answered. 0; -errno: the call is answered
 * with a 500 or 503. What they are given is lent. */
typedef int call_hashed(struct call *call, const struct msg_hashed *answer);
typedef int call_signed(struct call *call, const struct msg_signed *token);
typedef int call_keys(struct call *call, const struct frame *frame); /* each of several */
typedef int call_checked(struct call *call, bool good);
typedef int call_judged(struct call *call, enum password_verdict verdict);
/* What may stand in a password's place: sets *ret_proven when it is right, and else leaves it. */
typedef int call_proof(struct call *call, bool *ret_proven);
typedef int call_account(struct call *call, const struct msg_account *account);
typedef int call_unit(struct call *call, struct text unit);
typedef int call_matched(struct call *call, bool is_right);
typedef int call_vouched(struct call *call, const struct msg_outside_checked *said);
/* NULL: nobody could be asked */
typedef int call_conversed(struct call *call, const struct msg_pam_checked *said);

typedef int call_step(struct call *call);

/* A new password is not good enough; `at_least` is of COMPLAINT_SHORT alone. */
typedef int call_unfit(struct call *call, enum complaint complaint, uint32_t at_least);

/* Writes what the call is to change (see commit.h): 0 or -errno. */
typedef int call_write(struct call *call, struct transaction *transaction);
typedef int call_not_committed(struct call *call, int error);

struct call {
        struct authority *authority;   /* borrowed: outlives every call */
        struct connection *connection; /* borrowed: a call ends before its connection */
        struct settings *settings;     /* a reference: those in force when it began */
        enum message_type asked;
        uint64_t number; /* the frontend's */
        uint64_t serial; /* ours, towards the worker, signer, names and units */
        int64_t arrived_ms;
        uint64_t revoked_serial; /* authority->revoked_serial when it began */
        struct timer deadline;
        struct timer release; /* a refusal that waits for its time */
        bool is_charged;      /* as a pending call ... */
        uint64_t charged_to;  /* ... to this share */

        /* what a step leaves for the next */
        struct user *admin; /* who asks, where that is a bearer with the right to administer */
        struct secret *admin_token; /* by which he may */
        struct user *user;          /* whom it is about; NULL: unknown, the decoy is in `setting` */
        struct secret *password;    /* until its hash is judged, or two workers agree about it; one
                                     * whose hash is outdated, until the login is answered */
        struct secret *ticket;      /* that waits for its time */
        char setting[SETTING_MAX];
        struct secret *hash; /* of a new password, from the first worker */
        struct {
                char username[USER_NAME_MAX + 1]; /* whose password it is to be; "": none is made */
                struct secret *old_password;      /* that it is to replace, where it is known */
                call_step *made;                  /* when a second one has agreed */
                call_unfit *unfit;
        } new_hash;
        struct hash_job *job; /* waiting for a worker or with one */
        call_hashed *hashed;
        struct gate_pass pass;         /* of a password that is to be judged */
        call_proof *replacement;       /* NULL: the password alone is looked at */
        call_matched *matched;         /* password.c */
        struct conversation_job *talk; /* waiting for a PAM worker or with one */
        call_conversed *conversed;
        struct source_walk *walk; /* sources.c; owned */
        call_judged *judged;
        call_signed *signed_;
        char client[CLIENT_MAX + 1]; /* of what is signed ... */
        char sid[SID_LEN + 1];
        char kid[KID_LEN + 1]; /* ... and was */
        char jti[JTI_LEN + 1];
        call_keys *keys;
        call_checked *checked;
        call_account *account;
        call_unit *unit;
        struct outside_question *question; /* about an ID token, waiting or asked */
        call_vouched *vouched;
        struct outside_login *outside; /* grant_outside.c; owned */
        struct commit commit;
        call_write *write;
        call_step *committed;
        call_not_committed *not_committed;
        struct change *change; /* of a user: change.c */
        union {
                struct grant *grant;             /* grant_password.c */
                struct refresh_grant *refresh;   /* grant_refresh.c */
                struct new_account *added;       /* user_add.c */
                struct import *import;           /* user_import.c */
                struct pam_login *login;         /* pam.h */
                struct key_change *key_change;   /* keys.c */
                struct revocation_wish *wish;    /* revoke.c */
                struct session_end *session_end; /* session_list.c */
                struct issue *issue;             /* issue.c */
                struct peer_wish *peer_wish;     /* grant_peer.c */
                struct unit_wish *unit_wish;     /* credential.c */
                struct client_work *client_work; /* client_admin.c */
                char *unlocked;                  /* user_unlock.c */
                struct outside_link *link;       /* user_links.c */
                struct secret *presented;        /* token_check.c */
                uint64_t *counts;                /* metrics.c */
        } step;                                  /* owned; freed by free_step */
        void (*free_step)(void *step);
};

/* Begins a call on that connection, which has none in flight. 0 or -ENOMEM. */
int call_new(struct authority *authority, struct connection *connection, uint64_t number,
             struct call **ret);

/* Charges it to the share of pending calls of whoever asks. 0; -EBUSY: that is used up. */
int call_charge(struct call *call);

/* Charges one thing that waits for another process to the share of whoever asks, connection's
 * charged_to, until budget_return(). 0; -EBUSY: that is used up. */
int call_charge_job(const struct call *call, struct budget *budget);

/* Ends a call without an answer (the connection is gone). Whatever others still do for it is
 * dropped when it arrives. NULL is fine. */
void call_free(struct call *call);

/* Has `write` run in the commit at the end of this turn. The call goes on in `then` when all of
 * that commit is on the disk, in memory and on the status page; otherwise in `otherwise`, which for
 * most is call_fail(). Until then it can only be refused, and is not written then. 0 or -errno. */
int call_commit(struct call *call, call_write *write, call_step *then,
                call_not_committed *otherwise);

/* Has each call in flight take that step; where it is -errno, that call fails. */
void calls_each(struct authority *authority, call_step *step);

/* ---- each of these answers and frees the call; always 0, so that a step may return them ---- */

int call_answer(struct call *call, enum message_type type, const void *message);

/* Refuses at once. */
int call_refuse(struct call *call, enum refusal refusal);

/* Refuses a new password with fewer characters than that. */
int call_refuse_short(struct call *call, uint32_t at_least);

/* Refuses for want of budget, a second late: whoever asks without a pause is made to pause. */
int call_refuse_busy(struct call *call);

/* Refuses a login: on the time grid, so that its moment says nothing of the reason. */
int call_refuse_login(struct call *call, enum refusal refusal);

/* As call_answer(), on the time grid: for a login ticket that says no. The message is a ticket. */
int call_answer_ticket_late(struct call *call, struct text ticket);

/* For an errno that came up from below: logs it and refuses with 500 or 503. */
int call_fail(struct call *call, int error);

/* One of a list; the call goes on. 0 or -errno; -EPERM: it waits for its commit. */
int call_send(struct call *call, enum message_type type, const void *message);

/* Whether so much waits for the frontend already that a list is better refused: one that takes too
 * much at once is taken for captured. To be asked where a list is begun, not where it is asked for
 * alone: many may come to that point in one turn. */
bool call_is_crowded(const struct call *call);

/* `refusal` of who asks for a list, or REFUSAL_BUSY where that alone is against it. */
static inline enum refusal call_list_refusal(const struct call *call, enum refusal refusal) {
        return !refusal && call_is_crowded(call) ? REFUSAL_BUSY : refusal;
}

#endif
