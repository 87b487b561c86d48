/* /clients: an admin makes, lists, shows, changes and deletes confidential clients. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "params.h"
#include "request.h"
#include "time.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

static void client_to_json(const struct msg_answer_client *client, struct json *ret) {
        json_begin_object(ret);
        json_add_text(ret, "id", client->id);
        json_add_text_or_null(ret, "name", client->name);
        json_add_words(ret, "audiences", client->audiences);
        json_add_words(ret, "scopes", client->scopes);
        json_add_flag(ret, "enabled", client->enabled);
        json_add_time(ret, "created_at", client->created_at);
        json_add_text_if_any(ret, "secret", client->secret);
}

static int reply_client(struct request *request, uint16_t status,
                        const struct msg_answer_client *client) {
        const struct reply reply = {.status = status, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        client_to_json(client, &body);
        return request_reply_json(request, &reply, &body);
}

/* ---- POST /clients, PATCH /clients/{} ---- */

enum member {
        MEMBER_NAME,
        MEMBER_AUDIENCES,
        MEMBER_SCOPES,
        MEMBER_LAST, /* each kind of request has one of its own */
        MEMBER_COUNT,
};

/* clang-format off */
#define COMMON(audiences_needed)                                                   \
        [MEMBER_NAME] =      {"name", JSON_KIND_STRING, false, true,               \
                              "name must be a text without NUL, or null"},         \
        [MEMBER_AUDIENCES] = {"audiences", JSON_KIND_WORDS, audiences_needed, false, \
                              "audiences must be an array of texts without spaces"}, \
        [MEMBER_SCOPES] =    {"scopes", JSON_KIND_WORDS, false, false,             \
                              "scopes must be an array of texts without spaces"}

static const struct json_member of_new[MEMBER_COUNT] = {
        COMMON(true),
        [MEMBER_LAST] = {"id", JSON_KIND_STRING, true, false, "id must be a text without NUL"},
};

static const struct json_member of_change[MEMBER_COUNT] = {
        COMMON(false),
        [MEMBER_LAST] = {"enabled", JSON_KIND_FLAG, false, false, "enabled must be true or false"},
};

static const uint8_t bits[MEMBER_COUNT] = {
        [MEMBER_NAME] =      CLIENT_NAME,
        [MEMBER_AUDIENCES] = CLIENT_AUDIENCES,
        [MEMBER_SCOPES] =    CLIENT_SCOPES,
        [MEMBER_LAST] =      CLIENT_ENABLED,
};
/* clang-format on */

static int add_finish(struct request *request, const union message *answer) {
        return reply_client(request, 201, &answer->answer_client);
}

int client_add_begin(struct request *request) {
        static const struct exchange add = {
                .ask = MSG_ASK_CLIENT_ADD,
                .answer = MSG_ANSWER_CLIENT,
                .finish = add_finish,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct msg_ask_client_add ask = {.connection = request->number};
        struct text body = {request->body, request->body_len};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = json_read(body, of_new, MEMBER_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.id = values.at[MEMBER_LAST].text;
        ask.name = values.at[MEMBER_NAME].text;
        ask.audiences = values.at[MEMBER_AUDIENCES].text;
        ask.scopes = values.at[MEMBER_SCOPES].text;
        return call_ask(request, &add, &ask);
}

static int one_finish(struct request *request, const union message *answer) {
        return reply_client(request, 200, &answer->answer_client);
}

/* Which one the path names. */
static int read_id(struct request *request, struct text *ret) {
        if (request->parameter.len > CLIENT_MAX)
                return request_refuse(request, 404, "not_found", "there is no such client");
        *ret = request->parameter;
        return 0;
}

int client_change_begin(struct request *request) {
        static const struct exchange change = {
                .ask = MSG_ASK_CLIENT_CHANGE,
                .answer = MSG_ANSWER_CLIENT,
                .finish = one_finish,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct msg_ask_client_change ask = {.connection = request->number};
        struct text body = {request->body, request->body_len};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_id(request, &ask.id);
        if (r == 0)
                r = json_read(body, of_change, MEMBER_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.members = json_values_named(&values, bits, MEMBER_COUNT);
        ask.name = values.at[MEMBER_NAME].text;
        ask.audiences = values.at[MEMBER_AUDIENCES].text;
        ask.scopes = values.at[MEMBER_SCOPES].text;
        ask.enabled = values.at[MEMBER_LAST].flag;
        return call_ask(request, &change, &ask);
}

/* ---- GET and DELETE /clients/{}, POST /clients/{}/secret ---- */

static int ask_about_one(struct request *request, const struct exchange *exchange) {
        struct msg_ask_client ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_id(request, &ask.id);
        return r < 0 ? r : call_ask(request, exchange, &ask);
}

int client_show_begin(struct request *request) {
        static const struct exchange show = {
                .ask = MSG_ASK_CLIENT_SHOW,
                .answer = MSG_ANSWER_CLIENT,
                .finish = one_finish,
        };

        return ask_about_one(request, &show);
}

int client_delete_begin(struct request *request) {
        static const struct exchange delete = {
                .ask = MSG_ASK_CLIENT_DELETE,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };

        return ask_about_one(request, &delete);
}

int client_secret_begin(struct request *request) {
        static const struct exchange renew = {
                .ask = MSG_ASK_CLIENT_SECRET,
                .answer = MSG_ANSWER_CLIENT,
                .finish = one_finish,
        };

        return ask_about_one(request, &renew);
}

/* ---- GET /clients ---- */

static int list_part(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json client;

        if (json_count(&request->list) >= LIMIT_MAX)
                return -EPROTO;
        client_to_json(&answer->answer_client, &client);
        json_append(&request->list, &client);
        return 0;
}

static int list_finish(struct request *request, const union message *answer) {
        const struct reply reply = {
                .status = 200,
                .cache = CACHE_NEVER,
                .has_total = true,
                .total = answer->answer_clients_end.total,
        };

        return request_reply_json(request, &reply, &request->list);
}

static int read_range(struct request *request, struct msg_ask_client_list *ask) {
        unsigned long long skip, limit;
        struct params params;
        int r;

        r = params_parse((char *)(uintptr_t)request->head.query.p, request->head.query.len, &params,
                         &request->fault);
        if (r < 0)
                return r;
        if (params_number(&params, "skip", UINT32_MAX, 0, &skip) < 0 ||
            params_number(&params, "limit", LIMIT_MAX, LIMIT_DEFAULT, &limit) < 0)
                return request_refuse(request, 400, "invalid_request",
                                      "skip and limit must be numbers, limit up to 1000");
        ask->skip = (uint32_t)skip;
        ask->limit = (uint32_t)limit;
        return 0;
}

int client_list_begin(struct request *request) {
        static const struct exchange list = {
                .ask = MSG_ASK_CLIENT_LIST,
                .answer = MSG_ANSWER_CLIENTS_END,
                .finish = list_finish,
                .part = MSG_ANSWER_CLIENT,
                .take_part = list_part,
        };
        struct msg_ask_client_list ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_range(request, &ask);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}
