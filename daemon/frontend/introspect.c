/* POST /introspect (RFC 7662): is this token good? Answered here alone, from the public keys: the
 * caller is a process of this host, which could read the same page itself. Only where a key is not
 * published (HS256) is the signer asked, through the authority. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/verify.h"
#include "call.h"
#include "client_proof.h"
#include "frontend.h"
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

/* Any audience here: is_concern() looks at it. A login ticket is no token for this. */
static struct expectation any_audience(const struct request *request) {
        return (struct expectation){
                .now = clock_wall_s(),
                .leeway = request->frontend->settings.leeway_s,
        };
}

static int pages_refresh(struct frontend *frontend) {
        int r;

        r = keys_refresh(&frontend->keys);
        return r < 0 ? r : revocations_refresh(&frontend->revocations, frontend->status_page_fd);
}

/* The signer's yes is about the signature; what the token says is judged here, as ever. */
static int mac_finish(struct request *request, const union message *answer) {
        const struct expectation expectation = any_audience(request);
        struct frontend *frontend = request->frontend;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        r = pages_refresh(frontend);
        if (r == 0 && answer->mac_checked.good)
                r = token_judge_checked(frontend->keys.keyset, &frontend->revocations,
                                        request->asked_token, &expectation, &verdict, &claims);
        return r < 0 ? r : reply_judgement(request, verdict, &claims);
}

/* Of an HS256 key nothing is published: who could check its tokens could make them. */
static int ask_mac(struct request *request, struct text token) {
        static const struct exchange mac = {
                .ask = MSG_ASK_MAC,
                .answer = MSG_ANSWER_MAC,
                .finish = mac_finish,
        };
        const struct msg_ask_mac ask = {.connection = request->number, .token = token};

        return call_ask(request, &mac, &ask);
}

static int judge(struct request *request, struct text token) {
        const struct expectation expectation = any_audience(request);
        struct frontend *frontend = request->frontend;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        r = pages_refresh(frontend);
        if (r == 0)
                r = token_verify(frontend->keys.keyset, &frontend->revocations, token, &expectation,
                                 &verdict, &claims);
        if (r < 0)
                return r;
        if (verdict == VERDICT_ASK)
                return ask_mac(request, token);
        return reply_judgement(request, verdict, &claims);
}

/* ---- who may ask ---- */

/* The client is who it says: now the token, which the form had. */
static int client_finish(struct request *request, const union message *message) {
        const struct msg_answer_client_check *answer = &message->answer_client_check;

        request->asker_audiences = strndup(answer->audiences.p, answer->audiences.len);
        if (!request->asker_audiences ||
            text_copy(answer->client_id, request->asker, sizeof request->asker) < 0)
                return -ENOMEM;
        return judge(request, request->asked_token);
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
        return judge(request, request->asked_token);
}
