/* A user as replies show him. Never a hash: none is ever here. */
#include "user.h"

#include "time.h"

/* null for 0: never. */
static void add_time_if_any(struct json *object, const char *name, int64_t seconds) {
        if (seconds > 0)
                json_add_time(object, name, seconds);
        else
                json_add_null(object, name);
}

void user_to_json(const struct msg_answer_user *user, struct json *ret) {
        json_begin_object(ret);
        json_add_number(ret, "id", (long long)user->id);
        json_add_text(ret, "username", user->username);
        json_add_text_or_null(ret, "full_name", user->full_name);
        json_add_text_or_null(ret, "email", user->email);
        json_add_words(ret, "roles", user->roles);
        json_add_flag(ret, "disabled", user->disabled);
        json_add_flag(ret, "must_change_password", user->must_change);
        if (user->has_uid)
                json_add_number(ret, "uid", user->uid);
        else
                json_add_null(ret, "uid");
        json_add_time(ret, "created_at", user->created_at);
        add_time_if_any(ret, "expires_at", user->expires_at);
}

void user_to_json_for_admin(const struct msg_answer_user *user, struct json *ret) {
        user_to_json(user, ret);
        add_time_if_any(ret, "locked_until", user->locked_until);
}
