/* POST /token, token exchange (RFC 8693): one's own token for a narrower one, or the ID token of an
 * outside issuer for a login here. What narrower means, and whom an ID token is about, is the
 * authority's to say; nobody acts for anybody here. */
#include "token.h"

#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"
#include "call.h"
#include "client_proof.h"
#include "request.h"

#define LIFETIME_MAX UINT32_MAX

static int exchange_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        token_to_json(&answer->answer_token, &body);
        json_add_text(&body, "issued_token_type", TEXT(WIRE_TOKEN_TYPE_ACCESS));
        return request_reply_json(request, &reply, &body);
}

static bool is_outside(const struct params *params) {
        return text_is(params_get(params, "subject_token_type"), TEXT(WIRE_TOKEN_TYPE_ID));
}

static int check_types(struct request *request, const struct params *params) {
        struct text given = params_get(params, "subject_token_type");
        struct text wanted = params_get(params, "requested_token_type");

        if (!text_is(given, TEXT(WIRE_TOKEN_TYPE_ACCESS)) && !is_outside(params))
                return request_refuse(request, 400, "invalid_request",
                                      "subject_token_type must be that of an access token, or of "
                                      "an outside issuer's ID token");
        if (wanted.len > 0 && !text_is(wanted, TEXT(WIRE_TOKEN_TYPE_ACCESS)))
                return request_refuse(request, 400, "invalid_request",
                                      "requested_token_type can be an access token alone");
        if (params_has(params, "actor_token") || params_has(params, "actor_token_type"))
                return request_refuse(request, 400, "invalid_request",
                                      "nobody acts for another here: leave actor_token out");
        return 0;
}

static int read_subject(struct request *request, const struct params *params, struct text *ret) {
        *ret = params_get(params, "subject_token");
        if (ret->len > 0 && ret->len <= TOKEN_MAX)
                return 0;
        return request_refuse(request, 400, "invalid_request",
                              "subject_token is missing or too long");
}

static int read_bounds(struct request *request, const struct params *params,
                       struct msg_ask_exchange *ask) {
        unsigned long long lifetime;

        ask->roles = params_get(params, "roles");
        if (ask->roles.len > ROLES_MAX)
                return request_refuse(request, 400, "invalid_request", "roles is too long");
        if (params_number(params, "requested_lifetime", LIFETIME_MAX, 0, &lifetime) < 0 ||
            (lifetime == 0 && params_get(params, "requested_lifetime").len > 0))
                return request_refuse(request, 400, "invalid_request",
                                      "requested_lifetime must be a number of seconds, 1 or more");
        ask->lifetime_s = (uint32_t)lifetime;
        return 0;
}

/* ---- one's own token ---- */

static int own_begin(struct request *request, const struct params *params,
                     const struct client_proof *proof) {
        static const struct exchange exchange = {
                .ask = MSG_ASK_EXCHANGE,
                .answer = MSG_ANSWER_TOKEN,
                .finish = exchange_finish,
        };
        struct msg_ask_exchange ask = {.connection = request->number};
        char audience[AUDIENCE_MAX];
        int r;

        r = read_subject(request, params, &ask.subject_token);
        if (r == 0)
                r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        if (r == 0)
                r = read_bounds(request, params, &ask);
        if (r < 0)
                return r;
        ask.client_id = proof->id;
        ask.secret = proof->secret;
        return call_ask(request, &exchange, &ask);
}

/* ---- an outside issuer's ---- */

/* A login has no bounds of its own: nothing that is asked for is dropped in silence. */
static int check_outside(struct request *request, const struct params *params,
                         const struct client_proof *proof) {
        if (params_has(params, "roles") || params_has(params, "requested_lifetime"))
                return request_refuse(request, 400, "invalid_request",
                                      "roles and requested_lifetime are for a token of here");
        if (proof->secret.len > 0)
                return request_refuse(request, 401, "invalid_client",
                                      "this grant is for the client local alone");
        return 0;
}

static int outside_begin(struct request *request, const struct params *params,
                         const struct client_proof *proof) {
        static const struct exchange login = {
                .ask = MSG_ASK_OUTSIDE_GRANT,
                .answer = MSG_ANSWER_TOKEN,
                .finish = exchange_finish,
        };
        struct msg_ask_outside_grant ask = {.connection = request->number};
        char audience[AUDIENCE_MAX];
        int r;

        r = check_outside(request, params, proof);
        if (r == 0)
                r = read_subject(request, params, &ask.subject_token);
        if (r == 0)
                r = token_read_target(request, params, audience, &ask.audience, &ask.scope);
        if (r < 0)
                return r;
        ask.client_id = proof->id;
        return call_ask(request, &login, &ask);
}

int exchange_begin(struct request *request, const struct params *params) {
        _cleanup_(client_proof_clear) struct client_proof proof = {0};
        int r;

        r = client_proof_read(&request->authorization, params, &proof, &request->fault);
        if (r == 0)
                r = check_types(request, params);
        if (r < 0)
                return r;
        return is_outside(params) ? outside_begin(request, params, &proof)
                                  : own_begin(request, params, &proof);
}
