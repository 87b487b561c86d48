/* GET /users/{}, POST /users/{}/unlock, DELETE /users/{}, GET /users?skip=&limit=&q=: an admin
 * looks at accounts, lets them try again, removes them. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "list.h"
#include "user.h"

int user_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        user_to_json(&answer->answer_user, &body);
        return request_reply_json(request, &reply, &body);
}

int user_finish_for_admin(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        user_to_json_for_admin(&answer->answer_user, &body);
        return request_reply_json(request, &reply, &body);
}

int user_read_key(struct request *request, struct text *ret) {
        if (request->parameter.len > USER_NAME_MAX)
                return request_refuse(request, 404, "not_found", "there is no such user");
        *ret = request->parameter;
        return 0;
}

/* ---- GET /users/{} ---- */

int user_show_begin(struct request *request) {
        static const struct exchange show = {
                .ask = MSG_ASK_USER_SHOW,
                .answer = MSG_ANSWER_USER,
                .finish = user_finish_for_admin,
        };
        struct msg_ask_user_show ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = user_read_key(request, &ask.user);
        return r < 0 ? r : call_ask(request, &show, &ask);
}

/* ---- POST /users/{}/unlock ---- */

int user_unlock_begin(struct request *request) {
        static const struct exchange unlocking = {
                .ask = MSG_ASK_USER_UNLOCK,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        struct msg_ask_user_unlock ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = user_read_key(request, &ask.user);
        return r < 0 ? r : call_ask(request, &unlocking, &ask);
}

/* ---- DELETE /users/{} ---- */

int user_remove_begin(struct request *request) {
        static const struct exchange removal = {
                .ask = MSG_ASK_USER_REMOVE,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        struct msg_ask_user_remove ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = user_read_key(request, &ask.user);
        return r < 0 ? r : call_ask(request, &removal, &ask);
}

/* ---- GET /users ---- */

static int list_part(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json user;
        int r;

        r = list_has_room(request);
        if (r < 0)
                return r;
        user_to_json(&answer->answer_user, &user);
        json_append(&request->list, &user);
        return 0;
}

static int list_finish(struct request *request, const union message *answer) {
        return list_reply(request, answer->answer_users_end.total);
}

static int read_query(struct request *request, struct msg_ask_user_list *ask) {
        struct params params;
        int r;

        r = list_read_query(request, &params, &ask->skip, &ask->limit);
        if (r < 0)
                return r;
        ask->q = params_get(&params, "q");
        if (!text_is_printable_utf8(ask->q))
                return request_refuse(request, 400, "invalid_request", "q must be printable text");
        return 0;
}

int user_list_begin(struct request *request) {
        static const struct exchange list = {
                .ask = MSG_ASK_USER_LIST,
                .answer = MSG_ANSWER_USERS_END,
                .finish = list_finish,
                .part = MSG_ANSWER_USER,
                .take_part = list_part,
        };
        struct msg_ask_user_list ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_query(request, &ask);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}
