/* POST /token (RFC 6749 4.3): the password grant. The authority decides; here the form is read, and
 * what is no question for it is refused. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"
#include "call.h"
#include "params.h"
#include "password.h"
#include "request.h"

/* RFC 6749 5.1. */
static int token_finish(struct request *request, const union message *answer) {
        const struct msg_answer_token *token = &answer->answer_token;
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        json_add_text(&body, "access_token", token->access_token);
        json_add_text(&body, "token_type", TEXT("Bearer"));
        json_add_number(&body, "expires_in", token->expires_in_s);
        json_add_text_if_any(&body, "scope", token->scope);
        return request_reply_json(request, &reply, &body);
}

static const struct exchange password_grant = {
        .ask = MSG_ASK_PASSWORD_GRANT,
        .answer = MSG_ANSWER_TOKEN,
        .finish = token_finish,
};

/* The public client `local` is the only one. Libraries that were told of no client send the text
 * "None", or Basic with nothing in it. */
static int check_client(struct request *request, const struct params *params) {
        struct text id = params_get(params, "client_id");

        if (request->authorization.scheme == SCHEME_BASIC)
                return request_refuse(request, 401, "invalid_client",
                                      "there are no confidential clients here");
        if (id.len == 0 || text_is(id, TEXT("None")) || text_is(id, TEXT(WIRE_CLIENT_LOCAL)))
                return 0;
        return request_refuse(request, 401, "invalid_client", "no such client");
}

/* An omitted grant_type with a name and a password means this grant: the form of the tutorials. */
static int check_grant_type(struct request *request, const struct params *params) {
        struct text type = params_get(params, "grant_type");

        if (type.len > 0 && !text_is(type, TEXT("password")))
                return request_refuse(request, 400, "unsupported_grant_type",
                                      "the grant_type here is password");
        if (params_get(params, "username").len == 0 || !params_has(params, "password"))
                return request_refuse(request, 400, "invalid_request",
                                      "username and password are needed");
        return 0;
}

static int read_audience(struct request *request, const struct params *params,
                         char place[AUDIENCE_MAX], struct text *ret) {
        int r;

        r = params_list(params, "audience", "resource", place, AUDIENCE_MAX, ret);
        if (r < 0)
                return request_refuse(request, 400, "invalid_target", "no such audience");
        return 0;
}

static int read_scope(struct request *request, const struct params *params, struct text *ret) {
        *ret = params_get(params, "scope");
        if (ret->len > SCOPE_MAX)
                return request_refuse(request, 400, "invalid_scope", "the scope is too long");
        return 0;
}

int token_begin(struct request *request) {
        struct msg_ask_password_grant ask = {.connection = request->number};
        char audience[AUDIENCE_MAX];
        struct params params;
        int r;

        r = params_parse(request->body, request->body_len, &params, &request->fault);
        if (r == 0)
                r = check_client(request, &params);
        if (r == 0)
                r = check_grant_type(request, &params);
        if (r == 0)
                r = read_audience(request, &params, audience, &ask.audience);
        if (r == 0)
                r = read_scope(request, &params, &ask.scope);
        if (r < 0)
                return r;
        ask.username = name_as_asked(params_get(&params, "username"));
        ask.password = password_as_asked(params_get(&params, "password"));
        ask.client_id = TEXT(WIRE_CLIENT_LOCAL);
        return call_ask(request, &password_grant, &ask);
}
