/* PATCH /users/me: what a user may say of himself. Nothing here gives a right. */
#include "answers.h"

#include "bearer.h"
#include "change.h"
#include "user_rules.h"

#include <errno.h>

static int profile_keep(struct call *call, const struct msg_ask_profile_change *ask) {
        struct change *change;
        int r;

        r = change_new(call, &change);
        if (r < 0)
                return r;
        change->members = ask->members;
        if (text_copy(ask->full_name, change->full_name, sizeof change->full_name) < 0 ||
            text_copy(ask->email, change->email, sizeof change->email) < 0)
                return -EINVAL;
        return 0;
}

int answer_profile_change(struct call *call, const union message *message) {
        const struct msg_ask_profile_change *ask = &message->ask_profile_change;
        enum refusal refusal;
        int r;

        r = bearer_check(call, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal)
                refusal = rule_profile(ask->full_name, ask->email, TEXT_NONE);
        if (refusal)
                return call_refuse(call, refusal);
        r = profile_keep(call, ask);
        return r < 0 ? r : change_answer(call);
}
