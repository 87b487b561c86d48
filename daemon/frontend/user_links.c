/* /users/{}/links: who a user is at outside issuers, for an admin. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "list.h"
#include "params.h"
#include "time.h"
#include "user.h"

static void link_to_json(const struct msg_answer_link *link, struct json *ret) {
        json_begin_object(ret);
        json_add_text(ret, "issuer", link->issuer);
        json_add_text(ret, "sub", link->sub);
        json_add_text(ret, "by", link->by_email ? TEXT("email") : TEXT("admin"));
        json_add_time(ret, "created_at", link->created_at);
}

/* ---- GET ---- */

static int list_part(struct request *request, const union message *answer) {
        _cleanup_(json_clear) struct json link;
        int r;

        r = list_has_room(request);
        if (r < 0)
                return r;
        link_to_json(&answer->answer_link, &link);
        json_append(&request->list, &link);
        return 0;
}

static int list_finish(struct request *request, const union message *answer) {
        return list_reply(request, answer->answer_links_end.total);
}

int link_list_begin(struct request *request) {
        static const struct exchange list = {
                .ask = MSG_ASK_LINK_LIST,
                .answer = MSG_ANSWER_LINKS_END,
                .finish = list_finish,
                .part = MSG_ANSWER_LINK,
                .take_part = list_part,
        };
        struct msg_ask_link_list ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = user_read_key(request, &ask.user);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}

/* ---- POST and DELETE ---- */

/* Whatever is too long is nothing that there could be. */
static int link_check(struct request *request, const struct msg_ask_link *ask) {
        if (ask->issuer.len > 0 && ask->issuer.len <= ISSUER_MAX && ask->sub.len > 0 &&
            ask->sub.len <= OUTSIDE_SUB_MAX)
                return 0;
        return request_refuse(request, 400, "invalid_request",
                              "issuer and sub are needed, of at most 255 bytes each");
}

static int ask_begin(struct request *request, struct msg_ask_link *ask) {
        int r;

        ask->connection = request->number;
        r = request_admin_credential(request, &ask->credential, &ask->bearer);
        return r == 0 ? user_read_key(request, &ask->user) : r;
}

static int add_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 201, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        link_to_json(&answer->answer_link, &body);
        return request_reply_json(request, &reply, &body);
}

enum member {
        MEMBER_ISSUER,
        MEMBER_SUB,
        MEMBER_COUNT,
};

int link_add_begin(struct request *request) {
        static const struct exchange add = {
                .ask = MSG_ASK_LINK_ADD,
                .answer = MSG_ANSWER_LINK,
                .finish = add_finish,
        };
        static const struct json_member members[MEMBER_COUNT] = {
                [MEMBER_ISSUER] = {"issuer", JSON_KIND_STRING, true, false,
                                   "issuer must be a text without NUL"},
                [MEMBER_SUB] = {"sub", JSON_KIND_STRING, true, false,
                                "sub must be a text without NUL"},
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_link ask = {0};
        int r;

        r = ask_begin(request, &ask);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.issuer = values.at[MEMBER_ISSUER].text;
        ask.sub = values.at[MEMBER_SUB].text;
        r = link_check(request, &ask);
        return r < 0 ? r : call_ask(request, &add, &ask);
}

int link_remove_begin(struct request *request) {
        static const struct exchange removal = {
                .ask = MSG_ASK_LINK_REMOVE,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        struct msg_ask_link ask = {0};
        struct params params;
        int r;

        r = ask_begin(request, &ask);
        if (r == 0)
                r = params_parse((char *)(uintptr_t)request->head.query.p, request->head.query.len,
                                 &params, &request->fault);
        if (r < 0)
                return r;
        ask.issuer = params_get(&params, "issuer");
        ask.sub = params_get(&params, "sub");
        r = link_check(request, &ask);
        return r < 0 ? r : call_ask(request, &removal, &ask);
}
