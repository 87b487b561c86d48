/* POST /login-codes: a code that takes the place of the bearer's password once, for one service. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"

enum member {
        MEMBER_SERVICE,
        MEMBER_COUNT,
};

static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_SERVICE] = {"service", JSON_KIND_STRING, true, false,
                            "service must be the name of a PAM service"},
};

static int code_finish(struct request *request, const union message *answer) {
        const struct msg_answer_login_code *code = &answer->answer_login_code;
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        json_add_text(&body, "code", code->code);
        json_add_number(&body, "expires_in", code->expires_in_s);
        json_add_text(&body, "service", code->service);
        return request_reply_json(request, &reply, &body);
}

int login_code_begin(struct request *request) {
        static const struct exchange exchange = {
                .ask = MSG_ASK_LOGIN_CODE,
                .answer = MSG_ANSWER_LOGIN_CODE,
                .finish = code_finish,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_login_code ask = {.connection = request->number};
        int r;

        r = request_bearer(request, &ask.bearer);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.service = values.at[MEMBER_SERVICE].text;
        return call_ask(request, &exchange, &ask);
}
