/* One change of one user, from the caller's wish to the answer: by an administrator or by himself.
 */
#ifndef JETON_AUTHORITY_CHANGE_H
#define JETON_AUTHORITY_CHANGE_H

#include "audit.h"
#include "call.h"

typedef int change_done(struct call *call, enum refusal refusal);

struct change {
        unsigned members; /* enum user_member; the others are not looked at */
        char full_name[FULL_NAME_MAX + 1];
        char email[EMAIL_MAX + 1];
        bool email_of_admin; /* an administrator sets it */
        char roles[ROLES_MAX + 1];
        bool disabled;
        bool must_change;
        int64_t expires_at;
        bool has_uid;
        uint32_t uid;
        /* of who changes his own; NULL otherwise */
        struct secret *old_password, *new_password, *proven_hash, *bearer;
        bool is_of_account; /* a system login asks: he must still be linked to `account` */
        uint32_t account;
        char username[LOG_NAME_MAX + 1]; /* as the caller wrote it, for the audit line */
        char kept_sid[SID_LEN + 1];      /* his present session, which goes on; "": none does */

        /* change.c */
        enum users_conflict conflict;
        struct user *after;
        change_done *done;
};

/* An empty one, as call->change. 0 or -ENOMEM. */
int change_new(struct call *call, struct change **ret);

/* NULL is fine. */
void change_free(struct change *change);

/* Commits what call->change says of call->user, his password being changed to call->hash where
 * that is named, and whatever follows from it. The call goes on in `then`, with the refusal
 * REFUSAL_NONE when it is done: then call->user is the changed one. 0 or -errno. */
int change_commit(struct call *call, change_done *then);

/* The same, and answers with the user. */
int change_answer(struct call *call);

#endif
