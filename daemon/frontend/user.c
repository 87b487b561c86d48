/* A user as replies show him. Never a hash: none is ever here. */
#include "user.h"

#include <stdio.h>
#include <time.h>

/* RFC 3339 in UTC; null for a moment that has no such spelling. */
static void add_time(struct json *object, const char *name, int64_t seconds) {
        char text[sizeof "9999-12-31T23:59:59Z"];
        time_t moment = (time_t)seconds;
        struct tm utc;
        size_t len = 0;

        if (gmtime_r(&moment, &utc))
                len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
        json_add_text_or_null(object, name, (struct text){text, len});
}

void user_to_json(const struct msg_answer_user *user, struct json *ret) {
        json_begin_object(ret);
        json_add_number(ret, "id", (long long)user->id);
        json_add_text(ret, "username", user->username);
        json_add_text_or_null(ret, "full_name", user->full_name);
        json_add_text_or_null(ret, "email", user->email);
        json_add_words(ret, "roles", user->roles);
        json_add_flag(ret, "disabled", user->disabled);
        if (user->has_uid)
                json_add_number(ret, "uid", user->uid);
        else
                json_add_null(ret, "uid");
        add_time(ret, "created_at", user->created_at);
}
