/* POST /revoke (RFC 7009): a token ends, for whom it was given to. POST /revocations: an admin ends
 * what he holds no token of. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/pages.h"
#include "call.h"
#include "client_proof.h"
#include "params.h"
#include "request.h"

/* ---- POST /revoke ---- */

/* RFC 7009 2.2: 200 whether the token was known or not; clients ignore the body. */
static int reply_revoked(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        return request_reply_json(request, &reply, &body);
}

static int revoke_finish(struct request *request, const union message *answer) {
        (void)answer;
        return reply_revoked(request);
}

/* What is too long is none of ours: the authority would say so of an empty one as well, once it
 * knows the client. */
static int read_token(struct request *request, const struct params *params, struct text *ret) {
        struct text token = params_get(params, "token");

        if (token.len == 0)
                return request_refuse(request, 400, "invalid_request", "token is needed");
        *ret = token.len <= TOKEN_MAX ? token : TEXT_NONE;
        return 0;
}

int revoke_begin(struct request *request) {
        static const struct exchange revoke = {
                .ask = MSG_ASK_REVOKE,
                .answer = MSG_ANSWER_DONE,
                .finish = revoke_finish,
        };
        _cleanup_(client_proof_clear) struct client_proof proof = {0};
        struct msg_ask_revoke ask = {.connection = request->number};
        struct params params;
        int r;

        r = params_parse(request->body, request->body_len, &params, &request->fault);
        if (r == 0)
                r = client_proof_read(&request->authorization, &params, &proof, &request->fault);
        if (r == 0)
                r = read_token(request, &params, &ask.token);
        if (r < 0)
                return r;
        ask.client_id = proof.id;
        ask.secret = proof.secret;
        return call_ask(request, &revoke, &ask);
}

/* ---- POST /revocations ---- */

enum member {
        MEMBER_TOKEN,
        MEMBER_SESSION,
        MEMBER_USER,
        MEMBER_CLIENT,
        MEMBER_ALL,
        MEMBER_BEFORE,
        MEMBER_COUNT,
};

/* clang-format off */
static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_TOKEN] =   {"jti", JSON_KIND_STRING, false, false, "jti must be a text"},
        [MEMBER_SESSION] = {"sid", JSON_KIND_STRING, false, false, "sid must be a text"},
        [MEMBER_USER] =    {"user", JSON_KIND_STRING, false, false, "user must be an id or a name"},
        [MEMBER_CLIENT] =  {"client_id", JSON_KIND_STRING, false, false, "client_id must be a text"},
        [MEMBER_ALL] =     {"all", JSON_KIND_FLAG, false, false, "all must be true"},
        [MEMBER_BEFORE] =  {"before", JSON_KIND_SECONDS, false, false,
                            "before must be seconds since 1970"},
};
/* clang-format on */

static const struct {
        enum member member;
        enum revocation_kind kind;
} targets[] = {
        {MEMBER_TOKEN, REVOKED_TOKEN},  {MEMBER_SESSION, REVOKED_SESSION},
        {MEMBER_USER, REVOKED_SUBJECT}, {MEMBER_CLIENT, REVOKED_CLIENT},
        {MEMBER_ALL, REVOKED_ALL},
};

static bool is_target(const struct json_value *value, enum revocation_kind kind) {
        return value->is_present && (kind != REVOKED_ALL || value->flag);
}

static int read_target(struct request *request, const struct json_values *values,
                       struct msg_ask_revocation *ask) {
        size_t i, count = 0;

        for (i = 0; i < ELEMENTS(targets); i++) {
                const struct json_value *value = &values->at[targets[i].member];

                if (!is_target(value, targets[i].kind))
                        continue;
                count++;
                ask->kind = (uint8_t)targets[i].kind;
                ask->claim = value->text;
        }
        if (count != 1)
                return request_refuse(request, 400, "invalid_request",
                                      "exactly one of jti, sid, user, client_id and all is needed");
        if (ask->kind != REVOKED_ALL && (ask->claim.len == 0 || ask->claim.len > CLIENT_MAX))
                return request_refuse(request, 400, "invalid_request", "that names nothing");
        ask->before = values->at[MEMBER_BEFORE].seconds;
        return 0;
}

int revocation_begin(struct request *request) {
        static const struct exchange revocation = {
                .ask = MSG_ASK_REVOCATION,
                .answer = MSG_ANSWER_DONE,
                .finish = request_reply_done,
        };
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct msg_ask_revocation ask = {.connection = request->number};
        struct text body = {request->body, request->body_len};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r == 0)
                r = json_read(body, members, MEMBER_COUNT, &values, &request->fault);
        if (r == 0)
                r = read_target(request, &values, &ask);
        return r < 0 ? r : call_ask(request, &revocation, &ask);
}
