/* DELETE /users/{id or name}: an administrator removes a user. His id is never given again, so that
 * nothing that still names it can come to mean somebody else. */
#include "answers.h"

#include "../../common/clock.h"
#include "admin.h"
#include "audit.h"
#include "sessions.h"
#include "status.h"

#include <errno.h>

static int user_remove(struct call *call) {
        const struct user *user = call->user;
        int r;

        r = sessions_end_user(call->authority, user->id, clock_wall_s());
        if (r < 0)
                return r;
        r = users_remove(call->authority->store, user->id);
        if (r == -ENOENT)
                return call_refuse(call, REFUSAL_NO_USER);
        if (r == 0 && user->has_uid)
                r = status_publish(call->authority);
        if (r < 0)
                return r;
        audit(call, "user-remove", "done", text_of(user->name), NULL);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
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
        return user_remove(call);
}
