/* POST /users/{id or name}/unlock: an administrator lets a user try again at once, or the account
 * that other sources know by that name. */
#include "answers.h"

#include "admin.h"
#include "audit.h"
#include "guesser.h"
#include "store/throttle_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int unlock_write(struct call *call, struct transaction *transaction) {
        return throttle_rows_unlock(transaction, text_of(call->step.unlocked));
}

static int unlock_answer(struct call *call) {
        const char *name = call->user ? call->user->name : call->step.unlocked;

        gate_unlock(call->authority, call->step.unlocked);
        audit(call, "user-unlock", "done", text_of(name), NULL);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* No user, but perhaps a name that was guessed for: the throttle counts by name there. */
static enum refusal key_of_name(const struct call *call, struct text name,
                                char ret[THROTTLE_USER_MAX + 1]) {
        if (!name_is_user(name) || text_copy(name, ret, THROTTLE_USER_MAX + 1) < 0 ||
            gate_locked_until(call->authority, ret) == 0)
                return REFUSAL_NO_USER;
        return REFUSAL_NONE;
}

int answer_user_unlock(struct call *call, const union message *message) {
        const struct msg_ask_user_unlock *ask = &message->ask_user_unlock;
        char user[THROTTLE_USER_MAX + 1];
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (call->user)
                guesser_user(call->user, user);
        else if (refusal == REFUSAL_NO_USER)
                refusal = key_of_name(call, ask->user, user);
        if (refusal)
                return call_refuse(call, refusal);
        call->step.unlocked = strdup(user);
        call->free_step = free;
        if (!call->step.unlocked)
                return -ENOMEM;
        return call_commit(call, unlock_write, unlock_answer, call_fail);
}
