/* GET /users/{}, POST /users/{}/unlock, DELETE /users/{}, GET /users?skip=&limit=&q=: an admin
 * looks at accounts, lets them try again, removes them. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "params.h"
#include "request.h"
#include "user.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

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

/* One of the list. More than were asked for is a broken rule. */
static int list_part(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json user;

        if (json_count(&request->list) >= LIMIT_MAX)
                return -EPROTO;
        user_to_json(&answer->answer_user, &user);
        json_append(&request->list, &user);
        return 0;
}

static int list_finish(struct request *request, const union message *answer) {
        const struct reply reply = {
                .status = 200,
                .cache = CACHE_NEVER,
                .has_total = true,
                .total = answer->answer_users_end.total,
        };

        return request_reply_json(request, &reply, &request->list);
}

/* The query is decoded in place: nobody reads it a second time. */
static int read_range(struct request *request, struct msg_ask_user_list *ask) {
        unsigned long long skip, limit;
        struct params params;
        int r;

        r = params_parse((char *)(uintptr_t)request->head.query.p, request->head.query.len, &params,
                         &request->fault);
        if (r < 0)
                return r;
        if (params_number(&params, "skip", UINT32_MAX, 0, &skip) < 0)
                return request_refuse(request, 400, "invalid_request", "skip must be a number");
        if (params_number(&params, "limit", LIMIT_MAX, LIMIT_DEFAULT, &limit) < 0)
                return request_refuse(request, 400, "invalid_request",
                                      "limit must be a number up to 1000");
        ask->q = params_get(&params, "q");
        if (!text_is_printable_utf8(ask->q))
                return request_refuse(request, 400, "invalid_request", "q must be printable text");
        ask->skip = (uint32_t)skip;
        ask->limit = (uint32_t)limit;
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
                r = read_range(request, &ask);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}
