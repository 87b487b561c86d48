/* POST /introspect (RFC 7662): is this token good? Answered from the public pages (judge.h): the
 * caller is a process of this host, which could read them itself. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "client_proof.h"
#include "judge.h"
#include "params.h"
#include "request.h"

/* RFC 7519 4.1.3, as the token itself has it: one audience is a text, several are an array. */
static void add_audience(struct json *object, struct text audience) {
        if (text_has(audience, ' '))
                json_add_words(object, "aud", audience);
        else
                json_add_text(object, "aud", audience);
}

static void add_claims(struct json *object, const struct claims *claims) {
        json_add_text(object, "token_type", TEXT("Bearer"));
        json_add_text(object, "iss", text_of(claims->iss));
        json_add_text(object, "sub", text_of(claims->sub));
        add_audience(object, text_of(claims->aud));
        json_add_number(object, "exp", claims->exp);
        json_add_number(object, "iat", claims->iat);
        json_add_text(object, "jti", text_of(claims->jti));
        json_add_text_if_any(object, "sid", text_of(claims->sid));
        json_add_text_if_any(object, "client_id", text_of(claims->client_id));
        json_add_text_if_any(object, "scope", text_of(claims->scope));
        json_add_text_if_any(object, "username", text_of(claims->username));
        if (claims->has_uid)
                json_add_number(object, "uid", claims->uid);
        if (claims->auth_time > 0)
                json_add_number(object, "auth_time", claims->auth_time);
        json_add_words(object, "roles", text_of(claims->roles));
        json_add_words(object, "amr", text_of(claims->amr));
}

/* RFC 7662 4: may the token be used where the question comes from? To a client, where it is for one
 * of its audiences or is its own. A process of this host may look at any; it knows which is its. */
static bool is_concern(const struct request *request, const struct claims *claims) {
        struct text asker = text_of(request->asker), audiences = text_of(request->asker_audiences);
        bool is_own = text_is(text_of(claims->client_id), asker) &&
                      text_begins(text_of(claims->sub), TEXT("client:"));

        return asker.len == 0 || is_own || text_list_has(audiences, text_of(claims->aud));
}

/* RFC 7662 2.2: of a token that is not good nothing else is said. */
static int reply_judgement(struct request *request, enum verdict verdict,
                           const struct claims *claims) {
        const bool is_active = verdict == VERDICT_VALID && is_concern(request, claims);
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body;

        json_begin_object(&body);
        json_add_flag(&body, "active", is_active);
        if (is_active)
                add_claims(&body, claims);
        return request_reply_json(request, &reply, &body);
}

/* ---- who may ask ---- */

/* The client is who it says: now the token, which the form had. */
static int client_finish(struct request *request, const union message *message) {
        const struct msg_answer_client_check *answer = &message->answer_client_check;

        request->asker_audiences = strndup(answer->audiences.p, answer->audiences.len);
        if (!request->asker_audiences ||
            text_copy(answer->client_id, request->asker, sizeof request->asker) < 0)
                return -ENOMEM;
        return judge_token(request, request->asked_token, reply_judgement);
}

static int ask_about_client(struct request *request, const struct client_proof *proof) {
        static const struct exchange check = {
                .ask = MSG_ASK_CLIENT_CHECK,
                .answer = MSG_ANSWER_CLIENT_CHECK,
                .finish = client_finish,
        };
        const struct msg_ask_client_check ask = {
                .connection = request->number,
                .client_id = proof->id,
                .secret = proof->secret,
        };

        return call_ask(request, &check, &ask);
}

/* RFC 7662 2.1: the caller must be authenticated. On web.sock the kernel names the proxy only, so
 * that takes a client; a proof that is given elsewhere is judged all the same. */
int introspect_begin(struct request *request) {
        _cleanup_(client_proof_clear) struct client_proof proof = {0};
        struct params params;
        int r;

        r = params_parse(request->body, request->body_len, &params, &request->fault);
        if (r == 0)
                r = client_proof_read(&request->authorization, &params, &proof, &request->fault);
        if (r < 0)
                return r;
        request->asked_token = params_get(&params, "token");
        if (request->asked_token.len == 0)
                return request_refuse(request, 400, "invalid_request", "token is needed");
        if (proof.secret.len > 0)
                return ask_about_client(request, &proof);
        if (request->class == CLASS_WEB)
                return request_refuse(request, 401, "invalid_client",
                                      "introspection needs a client here");
        return judge_token(request, request->asked_token, reply_judgement);
}
