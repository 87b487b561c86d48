/* GET /keys, POST /keys/rotate, DELETE /keys/{kid}: an admin looks at the signing keys and moves
 * them on. What each of the three is answered with is the keys as they are then. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "call.h"
#include "request.h"
#include "time.h"

static const char *const state_words[] = {
        [KEY_PREPARED] = "prepared",
        [KEY_ACTIVE] = "active",
        [KEY_RETIRED] = "retired",
};

/* What the end of a state is called. */
static const char *const until_names[] = {
        [KEY_PREPARED] = "active_at",
        [KEY_RETIRED] = "dropped_at",
};

/* A part of the answer: one key. More than a page holds are a broken rule. */
static int key_part(struct request *request, const union message *answer) {
        const struct msg_key *key = &answer->key;
        const char *algorithm = algorithm_name(key->algorithm);
        _cleanup_(json_clear) struct json object = {0};

        if (!algorithm || key->state == KEY_STATE_NONE ||
            json_count(&request->list) >= PAGE_KEYS_MAX)
                return -EPROTO;
        json_begin_object(&object);
        json_add_text(&object, "kid", key->kid);
        json_add_text(&object, "alg", text_of(algorithm));
        json_add_text(&object, "state", text_of(state_words[key->state]));
        json_add_time(&object, "since", key->since);
        if (key->state != KEY_ACTIVE)
                json_add_time(&object, until_names[key->state], key->until);
        json_append(&request->list, &object);
        return 0;
}

static int keys_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};

        (void)answer;
        return request_reply_json(request, &reply, &request->list);
}

#define EXCHANGE(question)                                                               \
        {                                                                                \
                .ask = (question), .answer = MSG_ANSWER_KEYS_END, .finish = keys_finish, \
                .part = MSG_ANSWER_KEY, .take_part = key_part,                           \
        }

int key_list_begin(struct request *request) {
        static const struct exchange list = EXCHANGE(MSG_ASK_KEY_LIST);
        struct msg_ask_key_list ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &list, &ask);
}

static const struct json_member rotate_members[] = {
        {"alg", JSON_KIND_STRING, false, false, "alg must be the name of an algorithm"},
        {"now", JSON_KIND_FLAG, false, false, "now must be true or false"},
};

static int read_rotate(struct request *request, struct msg_ask_key_rotate *ask) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        int r;

        r = json_read(body, rotate_members, 2, &values, &request->fault);
        if (r < 0)
                return r;
        if (values.at[0].is_present) {
                ask->algorithm = (uint8_t)algorithm_of_name(values.at[0].text);
                if (ask->algorithm == KEY_NONE)
                        return request_refuse(request, 400, "invalid_request",
                                              "alg must be ES256, RS256, EdDSA or HS256");
        }
        ask->now = values.at[1].flag;
        return 0;
}

int key_rotate_begin(struct request *request) {
        static const struct exchange rotate = EXCHANGE(MSG_ASK_KEY_ROTATE);
        struct msg_ask_key_rotate ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = read_rotate(request, &ask);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return call_ask(request, &rotate, &ask);
}

int key_drop_begin(struct request *request) {
        static const struct exchange drop = EXCHANGE(MSG_ASK_KEY_DROP);
        struct msg_ask_key_drop ask = {.connection = request->number, .kid = request->parameter};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r < 0)
                return r;
        if (ask.kid.len != KID_LEN)
                return request_refuse(request, 404, "not_found", "there is no such key");
        json_begin_array(&request->list);
        return call_ask(request, &drop, &ask);
}
