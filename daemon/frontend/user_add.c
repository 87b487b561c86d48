/* POST /users: an admin makes an account, or somebody his own. Here the body is read; the authority
 * checks names and passwords against its own rules. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"
#include "user.h"

static int add_finish(struct request *request, const union message *answer) {
        const struct msg_answer_user *user = &answer->answer_user;
        const struct reply reply = {
                .status = 201,
                .cache = CACHE_NEVER,
                .location_user = user->id,
        };
        _cleanup_(json_clear) struct json body;

        user_to_json(user, &body);
        return request_reply_json(request, &reply, &body);
}

static const struct exchange add = {
        .ask = MSG_ASK_USER_ADD,
        .answer = MSG_ANSWER_USER,
        .finish = add_finish,
};

enum member {
        MEMBER_USERNAME,
        MEMBER_PASSWORD,
        MEMBER_PASSWORD_HASH,
        MEMBER_FULL_NAME,
        MEMBER_EMAIL,
        MEMBER_ROLES,
        MEMBER_UID,
        MEMBER_ALLOW_ACCOUNT_NAME,
        MEMBER_EXPIRES_AT,
        MEMBER_COUNT,
};

/* clang-format off */
static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_USERNAME] =  {"username", JSON_KIND_STRING, true, false,
                              "username must be a text without NUL"},
        [MEMBER_PASSWORD] =  {"password", JSON_KIND_STRING, false, false,
                              "password must be a text without NUL"},
        [MEMBER_PASSWORD_HASH] =
                             {"password_hash", JSON_KIND_STRING, false, false,
                              "password_hash must be a text without NUL"},
        [MEMBER_FULL_NAME] = {"full_name", JSON_KIND_STRING, false, true,
                              "full_name must be a text without NUL, or null"},
        [MEMBER_EMAIL] =     {"email", JSON_KIND_STRING, false, true,
                              "email must be a text without NUL, or null"},
        [MEMBER_ROLES] =     {"roles", JSON_KIND_WORDS, false, false,
                              "roles must be an array of texts without spaces"},
        [MEMBER_UID] =       {"uid", JSON_KIND_UID, false, true,
                              "uid must be a number, or null"},
        [MEMBER_ALLOW_ACCOUNT_NAME] =
                             {"allow_account_name", JSON_KIND_FLAG, false, false,
                              "allow_account_name must be true or false"},
        [MEMBER_EXPIRES_AT] =
                             {"expires_at", JSON_KIND_TIME, false, true,
                              "expires_at must be a time like 2026-01-31T12:00:00Z, or null"},
};
/* clang-format on */

/* Whether a hash is one that verifies is the authority's to say. */
static int check_password(struct request *request, const struct json_values *values) {
        const struct json_value *password = &values->at[MEMBER_PASSWORD];
        const struct json_value *hash = &values->at[MEMBER_PASSWORD_HASH];
        const char *complaint = NULL;

        if (password->is_present == hash->is_present)
                complaint = "give either password or password_hash";
        else if (password->is_present && password->text.len == 0)
                complaint = "the password is empty";
        else if (password->text.len > PASSWORD_MAX)
                complaint = "the password is longer than 511 bytes";
        else if (hash->is_present && (hash->text.len == 0 || hash->text.len > PASSWORD_HASH_MAX))
                complaint = "the password hash is empty or longer than 383 bytes";
        return complaint ? request_refuse(request, 400, "invalid_request", complaint) : 0;
}

static bool has_value(const struct json_value *value) {
        return value->is_present && !value->is_null;
}

/* The texts are lent by `values`. */
static void fill(struct msg_ask_user_add *ask, const struct json_values *values) {
        ask->username = values->at[MEMBER_USERNAME].text;
        ask->password = values->at[MEMBER_PASSWORD].text;
        ask->password_hash = values->at[MEMBER_PASSWORD_HASH].text;
        ask->full_name = values->at[MEMBER_FULL_NAME].text;
        ask->email = values->at[MEMBER_EMAIL].text;
        ask->roles = values->at[MEMBER_ROLES].text;
        ask->has_uid = has_value(&values->at[MEMBER_UID]);
        ask->uid = values->at[MEMBER_UID].uid;
        ask->allow_account_name = values->at[MEMBER_ALLOW_ACCOUNT_NAME].flag;
        ask->expires_at = values->at[MEMBER_EXPIRES_AT].time;
}

/* Nobody may ask too: whether registration is open is the authority's to say. */
static int read_credential(struct request *request, struct msg_ask_user_add *ask) {
        if (request->authorization.scheme == SCHEME_NONE)
                return 0;
        return request_admin_credential(request, &ask->credential, &ask->bearer);
}

int user_add_begin(struct request *request) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct text body = {request->body, request->body_len};
        struct msg_ask_user_add ask = {.connection = request->number};
        int r;

        r = read_credential(request, &ask);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r == 0)
                r = check_password(request, &values);
        if (r < 0)
                return r;
        fill(&ask, &values);
        return call_ask(request, &add, &ask);
}
