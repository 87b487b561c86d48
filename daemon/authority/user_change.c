/* PUT and PATCH /users/{id or name}: an administrator changes a user.
 *
 *         answer_user_change()   may the caller do it, whom is it about, are the fields good
 *         change_answer()        a new password, if any, is hashed: commit and answer */
#include "answers.h"

#include "../../common/clock.h"
#include "admin.h"
#include "change.h"
#include "new_hash.h"
#include "policy.h"
#include "user_rules.h"

#include <errno.h>

static int change_keep(struct call *call, const struct msg_ask_user_change *ask) {
        struct change *change;
        int r;

        r = change_new(call, &change);
        if (r < 0)
                return r;
        change->members = ask->members;
        change->email_of_admin = true;
        change->disabled = ask->disabled;
        change->must_change = ask->must_change;
        change->expires_at = ask->expires_at;
        change->has_uid = ask->has_uid;
        change->uid = ask->uid;
        if (text_copy(ask->full_name, change->full_name, sizeof change->full_name) < 0 ||
            text_copy(ask->email, change->email, sizeof change->email) < 0 ||
            text_copy(ask->roles, change->roles, sizeof change->roles) < 0)
                return -EINVAL;
        if (!(ask->members & USER_PASSWORD))
                return 0;
        return secret_new(ask->password.p, ask->password.len, &call->password);
}

/* A bearer who shuts himself out cannot take it back; the kernel's word for root stays. */
static bool locks_oneself_out(const struct call *call, const struct msg_ask_user_change *ask) {
        struct user after = {.disabled = (ask->members & USER_DISABLED) && ask->disabled,
                             .expires_at = ask->members & USER_EXPIRY ? ask->expires_at : 0};

        if (!call->admin || call->admin->id != call->user->id)
                return false;
        return !user_is_active(&after, clock_wall_s()) ||
               ((ask->members & USER_ROLES) && !text_list_has(ask->roles, TEXT(ADMIN_ROLE)));
}

static enum refusal fields_check(const struct call *call, const struct msg_ask_user_change *ask) {
        enum refusal refusal = rule_profile(ask->full_name, ask->email, ask->roles);

        if (!refusal && (ask->members & USER_UID) && ask->has_uid &&
            !policy_may_link(call, ask->uid))
                refusal = REFUSAL_UID;
        if (!refusal && locks_oneself_out(call, ask))
                refusal = REFUSAL_ONESELF;
        return refusal;
}

static int change_begin(struct call *call, const struct msg_ask_user_change *ask) {
        enum refusal refusal = fields_check(call, ask);
        int r;

        if (refusal)
                return call_refuse(call, refusal);
        r = change_keep(call, ask);
        if (r < 0)
                return r;
        if (ask->members & USER_PASSWORD)
                return new_hash_ask(call, text_of(call->user->name), change_answer,
                                    new_hash_refuse);
        return change_answer(call);
}

int answer_user_change(struct call *call, const union message *message) {
        const struct msg_ask_user_change *ask = &message->ask_user_change;
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return change_begin(call, ask);
}
