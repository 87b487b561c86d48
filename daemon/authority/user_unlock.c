/* POST /users/{id or name}/unlock: an administrator lets a user try again at once. */
#include "answers.h"

#include "admin.h"
#include "audit.h"
#include "guesser.h"
#include "store/throttle_rows.h"

#include <errno.h>

static int unlock_write(struct call *call, struct transaction *transaction) {
        char user[THROTTLE_USER_MAX + 1];

        guesser_user(call->user, user);
        return throttle_rows_unlock(transaction, text_of(user));
}

static int unlock_answer(struct call *call) {
        char user[THROTTLE_USER_MAX + 1];

        guesser_user(call->user, user);
        gate_unlock(call->authority, user);
        audit(call, "user-unlock", "done", text_of(call->user->name), NULL);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

int answer_user_unlock(struct call *call, const union message *message) {
        const struct msg_ask_user_unlock *ask = &message->ask_user_unlock;
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return call_commit(call, unlock_write, unlock_answer, call_fail);
}
