/* GET /sessions, DELETE /sessions/{}: the logins that can still be refreshed, as their owner or an
 * admin sees them, and their end. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "list.h"

static void session_to_json(const struct msg_answer_session *session, struct json *ret) {
        json_begin_object(ret);
        json_add_text(ret, "sid", session->sid);
        json_add_number(ret, "user_id", (long long)session->user_id);
        json_add_text(ret, "username", session->username);
        json_add_text(ret, "client_id", session->client_id);
        json_add_text(ret, "audience", session->audience);
        json_add_text(ret, "scope", session->scope);
        json_add_words(ret, "amr", session->amr);
        json_add_number(ret, "auth_time", session->auth_time);
        json_add_number(ret, "used_at", session->used_at);
        json_add_number(ret, "expires_at", session->expires_at);
        json_add_flag(ret, "current", session->is_current);
}

static int list_part(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json session;
        int r;

        r = list_has_room(request);
        if (r < 0)
                return r;
        session_to_json(&answer->answer_session, &session);
        json_append(&request->list, &session);
        return 0;
}

static int list_finish(struct request *request, const union message *answer) {
        return list_reply(request, answer->answer_sessions_end.total);
}

/* A bearer sees his own, unless he asks for those of a user, or for `all`. */
static int read_filter(struct request *request, struct msg_ask_sessions *ask) {
        struct params params;
        bool all;
        int r;

        r = list_read_query(request, &params, &ask->skip, &ask->limit);
        if (r < 0)
                return r;
        ask->user = params_get(&params, "user");
        if (ask->user.len > USER_NAME_MAX)
                return request_refuse(request, 404, "not_found", "there is no such user");
        all = text_is(params_get(&params, "all"), TEXT("true"));
        ask->own = ask->credential == CREDENTIAL_BEARER && ask->user.len == 0 && !all;
        return 0;
}

int session_list_begin(struct request *request) {
        static const struct exchange list = {
                .ask = MSG_ASK_SESSIONS,
                .answer = MSG_ANSWER_SESSIONS_END,
                .finish = list_finish,
                .part = MSG_ANSWER_SESSION,
                .take_part = list_part,
        };
        struct msg_ask_sessions ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_filter(request, &ask);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}

int session_end_begin(struct request *request) {
        static const struct exchange end = {
                .ask = MSG_ASK_SESSION_END,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        struct msg_ask_session_end ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r < 0)
                return r;
        if (request->parameter.len != SID_LEN)
                return request_refuse(request, 404, "not_found", "there is no such session");
        ask.sid = request->parameter;
        return call_ask(request, &end, &ask);
}
