/* GET /auth?aud=&scope=&role=: may whoever holds this token pass? For a proxy that asks before each
 * request (nginx's auth_request), which knows 200, 401 and 403 and takes all else for a failure.
 *
 * Answered here alone, by what the token says and the status page revokes: as any server answers
 * that verifies the token itself. The roles are the token's, not the database's of this moment. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "frontend.h"
#include "params.h"
#include "request.h"

/* ---- the rule, which the proxy's configuration wrote ---- */

/* A slip there must never open anything: what is not understood, or is empty, refuses. */
static int refuse_rule(struct request *request) {
        return request_refuse(request, 403, "invalid_request",
                              "the query may have aud, scope and role, each once and with a value");
}

/* Blanks alone are no list: whoever wrote them meant something. */
static bool is_list_of(struct text list, bool (*is_name)(struct text)) {
        bool is_good = list.len == 0;
        struct text word;

        while (text_next_word(&list, &word)) {
                if (!is_name(word))
                        return false;
                is_good = true;
        }
        return is_good;
}

static bool is_demand(const struct field *field) {
        static const char *const names[] = {"aud", "scope", "role"};
        size_t i;

        for (i = 0; i < ELEMENTS(names); i++)
                if (text_is(field->name, text_of(names[i])))
                        return field->value.len > 0;
        return false;
}

static bool are_demands(const struct params *params) {
        size_t i;

        for (i = 0; i < params->count; i++)
                if (!is_demand(&params->fields[i]))
                        return false;
        return true;
}

static bool is_rule(const struct auth_rule *rule) {
        return (rule->audience.len == 0 || name_is_audience(rule->audience)) &&
               is_list_of(rule->scope, name_is_scope) && is_list_of(rule->roles, name_is_role);
}

static int read_rule(struct request *request) {
        struct text query = request->head.query;
        struct params params;

        if (params_parse((char *)(uintptr_t)query.p, query.len, &params, &request->fault) < 0 ||
            !are_demands(&params))
                return refuse_rule(request);
        request->rule = (struct auth_rule){
                .audience = params_get(&params, "aud"),
                .scope = params_get(&params, "scope"),
                .roles = params_get(&params, "role"),
        };
        return is_rule(&request->rule) ? 0 : refuse_rule(request);
}

/* ---- the token ---- */

static const char *const complaints[] = {
        [VERDICT_INVALID] = "that is no token of this issuer",
        [VERDICT_EXPIRED] = "the token has expired",
        [VERDICT_NOT_YET] = "the token is not good yet",
        [VERDICT_WRONG_ISSUER] = "that is no token of this issuer",
        [VERDICT_WRONG_AUDIENCE] = "the token is for another audience",
        [VERDICT_REVOKED] = "the token is revoked",
};

static int refuse_token(struct request *request, enum verdict verdict) {
        const char *complaint = verdict < ELEMENTS(complaints) ? complaints[verdict] : NULL;

        return request_refuse(request, 401, "invalid_token",
                              complaint ? complaint : complaints[VERDICT_INVALID]);
}

static bool is_for(const struct request *request, const struct claims *claims) {
        struct text wanted = request->rule.audience;

        if (wanted.len == 0)
                wanted = text_of(request->frontend->keys.keyset->table.issuer);
        return text_list_has(text_of(claims->aud), wanted);
}

static bool has_all(const char *list, struct text wanted) {
        struct text word;

        while (text_next_word(&wanted, &word))
                if (!text_list_has(text_of(list), word))
                        return false;
        return true;
}

/* Whom the proxy may tell the server behind it about. */
static int reply_identity(struct request *request, const struct claims *claims) {
        const struct reply_field fields[] = {
                {"X-Auth-Subject", text_of(claims->sub)},
                {"X-Auth-Username", text_of(claims->username)},
                {"X-Auth-Client", text_of(claims->client_id)},
                {"X-Auth-Roles", text_of(claims->roles)},
                {"X-Auth-Scope", text_of(claims->scope)},
        };
        const struct reply reply = {
                .status = 200,
                .cache = CACHE_NEVER,
                .fields = fields,
                .field_count = ELEMENTS(fields),
        };
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        json_add_text(&body, "sub", text_of(claims->sub));
        json_add_text_if_any(&body, "username", text_of(claims->username));
        json_add_text_if_any(&body, "client_id", text_of(claims->client_id));
        json_add_words(&body, "roles", text_of(claims->roles));
        json_add_text_if_any(&body, "scope", text_of(claims->scope));
        return request_reply_json(request, &reply, &body);
}

static int decide(struct request *request, enum verdict verdict, const struct claims *claims) {
        if (verdict != VERDICT_VALID)
                return refuse_token(request, verdict);
        if (!is_for(request, claims))
                return refuse_token(request, VERDICT_WRONG_AUDIENCE);
        if (!has_all(claims->roles, request->rule.roles))
                return request_refuse(request, 403, "insufficient_scope",
                                      "the token lacks a role that is needed here");
        if (!has_all(claims->scope, request->rule.scope))
                return request_refuse(request, 403, "insufficient_scope",
                                      "the token lacks a scope that is needed here");
        return reply_identity(request, claims);
}

int auth_begin(struct request *request) {
        struct text token = TEXT_NONE;
        int r;

        r = read_rule(request);
        if (r == 0)
                r = request_bearer(request, &token);
        return r < 0 ? r : judge_token(request, token, decide);
}
