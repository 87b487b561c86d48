/* Users as administrators and they themselves see them: show, list, me. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "admin.h"
#include "bearer.h"
#include "guesser.h"

#define LIST_LIMIT_MAX 1000

static struct msg_answer_user user_answer(const struct user *user) {
        return (struct msg_answer_user){
                .id = user->id,
                .username = text_of(user->name),
                .full_name = text_of(user->full_name),
                .email = text_of(user->email),
                .roles = text_of(user->roles),
                .disabled = user->disabled,
                .must_change = user->must_change,
                .has_uid = user->has_uid,
                .uid = user->uid,
                .created_at = user->created_at,
                .expires_at = user->expires_at,
        };
}

int answer_with_user(struct call *call, const struct user *user) {
        struct msg_answer_user answer = user_answer(user);
        char guessed[THROTTLE_USER_MAX + 1];

        guesser_user(user, guessed);
        answer.locked_until = gate_locked_until(call->authority, guessed);
        return call_answer(call, MSG_ANSWER_USER, &answer);
}

/* GET /users/me, GET /userinfo */
int answer_me(struct call *call, const union message *message) {
        enum refusal refusal;
        int r;

        r = bearer_check(call, message->ask_me.bearer, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return answer_with_user(call, call->user);
}

/* GET /users/{id or name} */
int answer_user_show(struct call *call, const union message *message) {
        const struct msg_ask_user_show *ask = &message->ask_user_show;
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return answer_with_user(call, call->user);
}

static int list_each(void *context, const struct user *user) {
        struct msg_answer_user answer = user_answer(user);

        return call_send(context, MSG_ANSWER_USER, &answer);
}

/* GET /users */
int answer_user_list(struct call *call, const union message *message) {
        const struct msg_ask_user_list *ask = &message->ask_user_list;
        enum refusal refusal;
        struct msg_answer_users_end end;
        uint32_t limit = ask->limit < LIST_LIMIT_MAX ? ask->limit : LIST_LIMIT_MAX;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        refusal = call_list_refusal(call, refusal);
        if (refusal)
                return call_refuse(call, refusal);
        r = users_list(call->authority->store, ask->skip, limit, ask->q, list_each, call,
                       &end.total);
        if (r < 0)
                return r;
        return call_answer(call, MSG_ANSWER_USERS_END, &end);
}
