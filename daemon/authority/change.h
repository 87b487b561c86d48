/* One change of one user, from the caller's wish to the answer: by an administrator or by himself.
 */
#ifndef JETON_AUTHORITY_CHANGE_H
#define JETON_AUTHORITY_CHANGE_H

#include "call.h"

struct change {
        unsigned members; /* enum user_member; the others are not looked at */
        char full_name[FULL_NAME_MAX + 1];
        char email[EMAIL_MAX + 1];
        char roles[ROLES_MAX + 1];
        bool disabled;
        int64_t expires_at;
        bool has_uid;
        uint32_t uid;
        struct secret *new_password, *proven_hash; /* own_password.c; NULL otherwise */
};

/* An empty one, as the call's step. 0 or -ENOMEM. */
int change_new(struct call *call, struct change **ret);

/* Changes call->user as call->step.change says, to `hash` where that names the password, and makes
 * known what follows. *ret_refusal is REFUSAL_NONE when it is done: then call->user is the changed
 * one. 0 or -errno. */
int change_commit(struct call *call, struct text hash, enum refusal *ret_refusal);

/* The same, and answers with the user. */
int change_answer(struct call *call, struct text hash);

#endif
