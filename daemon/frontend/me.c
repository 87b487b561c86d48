/* GET /users/me and GET /userinfo: whom the presented token is about, in two spellings. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"
#include "user.h"

#include <inttypes.h>
#include <stdio.h>

static const struct reply found = {.status = 200, .cache = CACHE_NEVER};

static int me_finish(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json body;

        user_to_json(&answer->answer_user, &body);
        return request_reply_json(request, &found, &body);
}

/* OpenID Connect Core 5.3.2: the names of its claims; absent ones are left out. */
static int userinfo_finish(struct request *request, const union message *answer) {
        const struct msg_answer_user *user = &answer->answer_user;
        _cleanup_(json_clear) struct json body;
        char sub[sizeof "18446744073709551615"];
        int len = snprintf(sub, sizeof sub, "%" PRIu64, user->id);

        json_begin_object(&body);
        json_add_text(&body, "sub", (struct text){sub, (size_t)len});
        json_add_text(&body, "preferred_username", user->username);
        json_add_text_if_any(&body, "name", user->full_name);
        json_add_text_if_any(&body, "email", user->email);
        return request_reply_json(request, &found, &body);
}

static const struct exchange me = {MSG_ASK_ME, MSG_ANSWER_USER, me_finish, MSG_NONE, NULL};
static const struct exchange userinfo = {MSG_ASK_ME, MSG_ANSWER_USER, userinfo_finish, MSG_NONE,
                                         NULL};

static int ask_about_bearer(struct request *request, const struct exchange *exchange) {
        struct msg_ask_me ask = {.connection = request->number};
        int r;

        r = request_bearer(request, &ask.bearer);
        return r < 0 ? r : call_ask(request, exchange, &ask);
}

int me_begin(struct request *request) {
        return ask_about_bearer(request, &me);
}

int userinfo_begin(struct request *request) {
        return ask_about_bearer(request, &userinfo);
}
