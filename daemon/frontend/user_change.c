/* PUT and PATCH /users/{}, by an admin, and PATCH /users/me, by oneself: one table of members, of
 * which each may name some. PATCH changes what is named, PUT empties what is not. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"
#include "user.h"

enum member {
        MEMBER_FULL_NAME,
        MEMBER_EMAIL,
        MEMBER_PROFILE_COUNT, /* so many may be named at /users/me */
        MEMBER_ROLES = MEMBER_PROFILE_COUNT,
        MEMBER_DISABLED,
        MEMBER_EXPIRES_AT,
        MEMBER_UID,
        MEMBER_PASSWORD,
        MEMBER_MUST_CHANGE,
        MEMBER_COUNT,
};

/* clang-format off */
static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_FULL_NAME] =  {"full_name", JSON_KIND_STRING, false, true,
                               "full_name must be a text without NUL, or null"},
        [MEMBER_EMAIL] =      {"email", JSON_KIND_STRING, false, true,
                               "email must be a text without NUL, or null"},
        [MEMBER_ROLES] =      {"roles", JSON_KIND_WORDS, false, false,
                               "roles must be an array of texts without spaces"},
        [MEMBER_DISABLED] =   {"disabled", JSON_KIND_FLAG, false, false,
                               "disabled must be true or false"},
        [MEMBER_EXPIRES_AT] = {"expires_at", JSON_KIND_TIME, false, true,
                               "expires_at must be a time like 2026-01-31T12:00:00Z, or null"},
        [MEMBER_UID] =        {"uid", JSON_KIND_UID, false, true,
                               "uid must be a number, or null to unlink"},
        [MEMBER_PASSWORD] =   {"password", JSON_KIND_STRING, false, false,
                               "password must be a text without NUL"},
        [MEMBER_MUST_CHANGE] = {"must_change_password", JSON_KIND_FLAG, false, false,
                               "must_change_password must be true or false"},
};
/* clang-format on */

static const uint8_t bits[MEMBER_COUNT] = {
        [MEMBER_FULL_NAME] = USER_FULL_NAME, [MEMBER_EMAIL] = USER_EMAIL,
        [MEMBER_ROLES] = USER_ROLES,         [MEMBER_DISABLED] = USER_DISABLED,
        [MEMBER_EXPIRES_AT] = USER_EXPIRY,   [MEMBER_UID] = USER_UID,
        [MEMBER_PASSWORD] = USER_PASSWORD,   [MEMBER_MUST_CHANGE] = USER_MUST_CHANGE,
};

static const struct exchange change = {
        .ask = MSG_ASK_USER_CHANGE,
        .answer = MSG_ANSWER_USER,
        .finish = user_finish_for_admin,
};

/* The texts are lent by `values`. */
static int ask_change(struct request *request, const struct json_values *values,
                      unsigned always_named, struct msg_ask_user_change *ask) {
        ask->members = (uint8_t)(json_values_named(values, bits, MEMBER_COUNT) | always_named);
        ask->full_name = values->at[MEMBER_FULL_NAME].text;
        ask->email = values->at[MEMBER_EMAIL].text;
        ask->roles = values->at[MEMBER_ROLES].text;
        ask->disabled = values->at[MEMBER_DISABLED].flag;
        ask->expires_at = values->at[MEMBER_EXPIRES_AT].time;
        ask->has_uid = values->at[MEMBER_UID].is_present && !values->at[MEMBER_UID].is_null;
        ask->uid = values->at[MEMBER_UID].uid;
        ask->password = values->at[MEMBER_PASSWORD].text;
        ask->must_change = values->at[MEMBER_MUST_CHANGE].flag;
        return call_ask(request, &change, ask);
}

static int change_begin(struct request *request, unsigned always_named) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_user_change ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = user_read_key(request, &ask.user);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        return r < 0 ? r : ask_change(request, &values, always_named, &ask);
}

int user_change_begin(struct request *request) {
        return change_begin(request, 0);
}

int user_replace_begin(struct request *request) {
        return change_begin(request, USER_PROFILE);
}

int profile_change_begin(struct request *request) {
        static const struct exchange profile = {
                .ask = MSG_ASK_PROFILE_CHANGE,
                .answer = MSG_ANSWER_USER,
                .finish = user_finish,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_profile_change ask = {.connection = request->number};
        int r;

        r = request_bearer(request, &ask.bearer);
        if (r == 0)
                r = json_read(body, members, MEMBER_PROFILE_COUNT, &values, &request->fault);
        if (r < 0)
                return r;
        ask.members = json_values_named(&values, bits, MEMBER_COUNT);
        ask.full_name = values.at[MEMBER_FULL_NAME].text;
        ask.email = values.at[MEMBER_EMAIL].text;
        return call_ask(request, &profile, &ask);
}
