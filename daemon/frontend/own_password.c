/* PUT /users/me/password: a user sets a new password, and shows that he knows the current one: with
 * a token, or by his name alone. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "password.h"
#include "request.h"

enum member {
        MEMBER_CURRENT,
        MEMBER_NEW,
        MEMBER_USERNAME,
        MEMBER_COUNT,
};

static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_CURRENT] = {"current_password", JSON_KIND_STRING, true, false,
                            "current_password must be a text without NUL"},
        [MEMBER_NEW] = {"new_password", JSON_KIND_STRING, true, false,
                        "new_password must be a text without NUL"},
        [MEMBER_USERNAME] = {"username", JSON_KIND_STRING, false, false,
                             "username must be a text without NUL"},
};

/* A bearer is who he is; without one a name says it. */
static int read_whose(struct request *request, const struct json_values *values,
                      struct msg_ask_password_change *ask) {
        const struct json_value *username = &values->at[MEMBER_USERNAME];

        if (!username->is_present)
                return request_bearer(request, &ask->bearer);
        if (request->authorization.scheme != SCHEME_NONE)
                return request_refuse(request, 400, "invalid_request",
                                      "username is for requests without a token");
        if (username->text.len == 0)
                return request_refuse(request, 400, "invalid_request", "username is empty");
        ask->username = name_as_asked(username->text);
        return 0;
}

int password_change_begin(struct request *request) {
        static const struct exchange change = {
                .ask = MSG_ASK_PASSWORD_CHANGE,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_password_change ask = {.connection = request->number};
        int r;

        r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r == 0)
                r = read_whose(request, &values, &ask);
        if (r < 0)
                return r;
        ask.current_password = password_as_asked(values.at[MEMBER_CURRENT].text);
        ask.new_password = values.at[MEMBER_NEW].text;
        return call_ask(request, &change, &ask);
}
