/* POST /token: the grants, a table. The authority decides; here the form is read, and what is no
 * question for it is refused. */
#include "token.h"

#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"
#include "call.h"
#include "client_proof.h"
#include "password.h"
#include "request.h"

/* RFC 6749 5.1. */
void token_to_json(const struct msg_answer_token *token, struct json *ret) {
        json_begin_object(ret);
        json_add_text(ret, "access_token", token->access_token);
        json_add_text(ret, "token_type", TEXT("Bearer"));
        json_add_number(ret, "expires_in", token->expires_in_s);
        json_add_text_if_any(ret, "scope", token->scope);
        json_add_text_if_any(ret, "refresh_token", token->refresh_token);
}

int token_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        token_to_json(&answer->answer_token, &body);
        return request_reply_json(request, &reply, &body);
}

/* Passwords are for the public client `local` alone. Libraries that were told of no client send the
 * text "None", or Basic with nothing in it. */
static int check_client(struct request *request, const struct params *params) {
        struct text id = params_get(params, "client_id");

        if (request->authorization.scheme == SCHEME_BASIC)
                return request_refuse(request, 401, "invalid_client",
                                      "this grant is for the client local alone");
        if (id.len == 0 || text_is(id, TEXT("None")) || text_is(id, TEXT(WIRE_CLIENT_LOCAL)))
                return 0;
        return request_refuse(request, 401, "invalid_client", "no such client");
}

int token_read_target(struct request *request, const struct params *params,
                      char place[AUDIENCE_MAX], struct text *ret_audience, struct text *ret_scope) {
        if (params_list(params, "audience", "resource", place, AUDIENCE_MAX, ret_audience) < 0)
                return request_refuse(request, 400, "invalid_target", "no such audience");
        *ret_scope = params_get(params, "scope");
        if (ret_scope->len > SCOPE_MAX)
                return request_refuse(request, 400, "invalid_scope", "the scope is too long");
        return 0;
}

/* ---- the password grant (RFC 6749 4.3) ---- */

static int password_begin(struct request *request, const struct params *params) {
        static const struct exchange exchange = {
                .ask = MSG_ASK_PASSWORD_GRANT,
                .answer = MSG_ANSWER_TOKEN,
                .finish = token_finish,
        };
        struct msg_ask_password_grant ask = {.connection = request->number};
        char audience[AUDIENCE_MAX];
        int r;

        if (params_get(params, "username").len == 0 || !params_has(params, "password"))
                return request_refuse(request, 400, "invalid_request",
                                      "username and password are needed");
        r = check_client(request, params);
        if (r == 0)
                r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        if (r < 0)
                return r;
        ask.username = name_as_asked(params_get(params, "username"));
        ask.password = password_as_asked(params_get(params, "password"));
        ask.client_id = TEXT(WIRE_CLIENT_LOCAL);
        return call_ask(request, &exchange, &ask);
}

/* ---- the refresh grant (RFC 6749 6) ---- */

static int refresh_begin(struct request *request, const struct params *params) {
        static const struct exchange exchange = {
                .ask = MSG_ASK_REFRESH_GRANT,
                .answer = MSG_ANSWER_TOKEN,
                .finish = token_finish,
        };
        _cleanup_(client_proof_clear) struct client_proof proof = {0};
        struct msg_ask_refresh_grant ask = {.connection = request->number};
        char audience[AUDIENCE_MAX];
        int r;

        ask.refresh_token = params_get(params, "refresh_token");
        if (ask.refresh_token.len == 0)
                return request_refuse(request, 400, "invalid_request", "refresh_token is needed");
        if (ask.refresh_token.len > REFRESH_TOKEN_MAX)
                return request_refuse(request, 400, "invalid_grant", "that is no refresh token");
        r = client_proof_read(&request->authorization, params, &proof, &request->fault);
        if (r == 0)
                r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        if (r < 0)
                return r;
        ask.client_id = proof.id;
        ask.secret = proof.secret;
        return call_ask(request, &exchange, &ask);
}

/* An omitted grant_type means the first: the form of the tutorials. */
static const struct {
        const char *type;
        int (*begin)(struct request *request, const struct params *params);
} grants[] = {
        {"password", password_begin},
        {"refresh_token", refresh_begin},
        {"client_credentials", client_credentials_begin},
        {WIRE_GRANT_EXCHANGE, exchange_begin},
};

int token_begin(struct request *request) {
        struct params params;
        struct text type;
        size_t i;
        int r;

        r = params_parse(request->body, request->body_len, &params, &request->fault);
        if (r < 0)
                return r;
        type = params_get(&params, "grant_type");
        for (i = 0; i < ELEMENTS(grants); i++)
                if (type.len == 0 || text_is(type, text_of(grants[i].type)))
                        return grants[i].begin(request, &params);
        return request_refuse(request, 400, "unsupported_grant_type",
                              "the grant_type is none of those in the metadata document");
}
