/* DELETE /users/{id or name}: an administrator removes a user. His id is never given again, so that
 * nothing that still names it can come to mean somebody else. */
#include "answers.h"

#include "admin.h"
#include "audit.h"
#include "sessions.h"

#include <errno.h>

static int remove_write(struct call *call, struct transaction *transaction) {
        struct revoked revoked = revoked_user(call->user->id, 0);
        int r;

        r = users_remove(transaction, call->user->id);
        if (r == 0)
                r = admin_check_left(call, transaction);
        return r < 0 ? r : sessions_revoke(call->authority, transaction, &revoked);
}

static int remove_answer(struct call *call) {
        audit(call, "user-remove", "done", text_of(call->user->name), NULL);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

static int remove_failed(struct call *call, int error) {
        if (error == -ENOENT)
                return call_refuse(call, REFUSAL_NO_USER);
        return error == -ECANCELED ? call_refuse(call, REFUSAL_LAST_ADMIN) : call_fail(call, error);
}

int answer_user_remove(struct call *call, const union message *message) {
        const struct msg_ask_user_remove *ask = &message->ask_user_remove;
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        if (call->admin && call->admin->id == call->user->id)
                return call_refuse(call, REFUSAL_ONESELF);
        return call_commit(call, remove_write, remove_answer, remove_failed);
}
