/* POST /policy/test: what would a process with these ids be given, and which rule says so? */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"

enum member {
        MEMBER_UID,
        MEMBER_GROUPS,
        MEMBER_UNIT,
        MEMBER_CLIENT_ID,
        MEMBER_AUDIENCE,
        MEMBER_SCOPE,
        MEMBER_COUNT,
};

/* clang-format off */
static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_UID] =       {"uid", JSON_KIND_UID, true, false, "uid must be a number"},
        [MEMBER_GROUPS] =    {"groups", JSON_KIND_WORDS, false, false,
                              "groups must be an array of gids, each as a text"},
        [MEMBER_UNIT] =      {"unit", JSON_KIND_STRING, false, true,
                              "unit must be a text without NUL, or null"},
        [MEMBER_CLIENT_ID] = {"client_id", JSON_KIND_STRING, false, true,
                              "client_id must be a text without NUL, or null"},
        [MEMBER_AUDIENCE] =  {"audience", JSON_KIND_STRING, false, true,
                              "audience must be a text without NUL, or null"},
        [MEMBER_SCOPE] =     {"scope", JSON_KIND_STRING, false, true,
                              "scope must be a text without NUL, or null"},
};
/* clang-format on */

static int test_finish(struct request *request, const union message *answer) {
        const struct msg_answer_policy *policy = &answer->answer_policy;
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        json_add_flag(&body, "granted", policy->granted);
        json_add_text(&body, "reason", policy->reason);
        json_add_text_if_any(&body, "error", policy->error);
        if (policy->granted) {
                json_add_text(&body, "client_id", policy->client_id);
                json_add_text(&body, "sub", policy->sub);
                json_add_text(&body, "audience", policy->audience);
                json_add_text(&body, "scope", policy->scope);
                json_add_words(&body, "roles", policy->roles);
                json_add_number(&body, "expires_in", policy->lifetime_s);
        }
        return request_reply_json(request, &reply, &body);
}

int policy_test_begin(struct request *request) {
        static const struct exchange test = {
                .ask = MSG_ASK_POLICY_TEST,
                .answer = MSG_ANSWER_POLICY,
                .finish = test_finish,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct msg_ask_policy_test ask = {.connection = request->number};
        struct text body = {request->body, request->body_len};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.uid = values.at[MEMBER_UID].uid;
        ask.groups = values.at[MEMBER_GROUPS].text;
        ask.unit = values.at[MEMBER_UNIT].text;
        ask.client_id = values.at[MEMBER_CLIENT_ID].text;
        ask.audience = values.at[MEMBER_AUDIENCE].text;
        ask.scope = values.at[MEMBER_SCOPE].text;
        return call_ask(request, &test, &ask);
}
