/* POST /login-codes: who has just logged in with his password gets a code that takes its place
 * once, for one service of this host.
 *
 * Made by a token of a young login with a password alone, so that neither a code nor a token that
 * was stolen an hour ago makes another. Nothing of it is written anywhere. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/wire/wire.h"
#include "audit.h"
#include "bearer.h"
#include "codes.h"
#include "policy.h"

#include <stdio.h>

_Static_assert(CODE_LEN <= LOGIN_CODE_MAX, "a frame holds a code as it is written");

/* A login that is dated in the future is of an unknown age. */
static bool is_young(const struct call *call, const struct claims *claims, int64_t now) {
        return claims->auth_time > now - WIRE_LOGIN_CODE_MAX_AGE_S &&
               claims->auth_time <= now + call->settings->leeway_s;
}

/* What it lets in is the account: a service that was shown his token, or a proxy that callers from
 * elsewhere come through, is another uid. */
static bool is_his_own(const struct call *call) {
        const struct peer *peer = &call->connection->peer;

        if (peer->uid == call->user->uid)
                return peer->uid != call->authority->overflow_uid;
        return peer->uid == 0 || policy_is_admin(call);
}

static enum refusal code_check(const struct call *call, const struct claims *claims,
                               struct text service) {
        if (!text_list_has(text_of(claims->amr), TEXT("pwd")) ||
            !is_young(call, claims, clock_wall_s()))
                return REFUSAL_OLD_LOGIN;
        if (!name_is_service(service))
                return REFUSAL_SERVICE;
        if (!text_list_has(text_of(call->settings->login_code_services), service))
                return REFUSAL_CODE_SERVICE;
        if (!call->user->has_uid)
                return REFUSAL_NOT_LINKED;
        return is_his_own(call) ? REFUSAL_NONE : REFUSAL_NOT_YOURS;
}

/* In seconds; 0: the token is one of the leeway's last moments. */
static uint32_t life_left(const struct call *call, const struct claims *claims, int64_t now) {
        int64_t left = claims->exp - now;

        if (left <= 0)
                return 0;
        return left < call->settings->login_code_s ? (uint32_t)left : call->settings->login_code_s;
}

/* Whose it is, and the token whose end is the code's end too. */
static int code_fill(const struct call *call, const struct claims *claims, struct text service,
                     struct code *ret) {
        *ret = (struct code){
                .user_id = call->user->id,
                .uid = call->user->uid,
                .iat = claims->iat,
                .exp = claims->exp,
        };
        memcpy(ret->sid, claims->sid, sizeof ret->sid);
        memcpy(ret->jti, claims->jti, sizeof ret->jti);
        memcpy(ret->client_id, claims->client_id, sizeof ret->client_id);
        return text_copy(service, ret->service, sizeof ret->service);
}

/* Its time runs while the host sleeps. */
static int code_make(const struct call *call, const struct code *code, uint32_t life_s,
                     char ret[CODE_LEN + 1]) {
        int64_t now_ms = clock_boot_ms();
        uint8_t bytes[CODE_BYTES];
        int r;

        r = secret_random(bytes, sizeof bytes);
        if (r == 0)
                r = codes_add(call->authority->codes, code, bytes, now_ms,
                              now_ms + (int64_t)life_s * 1000);
        if (r == 0)
                code_spell(bytes, ret);
        explicit_bzero(bytes, sizeof bytes);
        return r;
}

static int code_answer(struct call *call, const struct code *code, uint32_t life_s,
                       const char *spelled) {
        struct msg_answer_login_code answer = {
                .code = text_of(spelled),
                .expires_in_s = life_s,
                .service = text_of(code->service),
        };
        char detail[SERVICE_MAX + 64];

        snprintf(detail, sizeof detail, "service=%s expires_in=%u", code->service,
                 answer.expires_in_s);
        audit(call, "login-code", "granted", text_of(call->user->name), detail);
        return call_answer(call, MSG_ANSWER_LOGIN_CODE, &answer);
}

static int code_give(struct call *call, const struct claims *claims, struct text service) {
        uint32_t life_s = life_left(call, claims, clock_wall_s());
        char spelled[CODE_LEN + 1];
        struct code code;
        int r;

        if (life_s == 0)
                return call_refuse(call, REFUSAL_TOKEN);
        r = code_fill(call, claims, service, &code);
        if (r == 0)
                r = code_make(call, &code, life_s, spelled);
        if (r == 0)
                r = code_answer(call, &code, life_s, spelled);
        explicit_bzero(spelled, sizeof spelled);
        return r;
}

int answer_login_code(struct call *call, const union message *message) {
        const struct msg_ask_login_code *ask = &message->ask_login_code;
        enum refusal refusal;
        struct claims claims;
        int r;

        if (!call->connection->peer.is_known)
                return call_refuse(call, REFUSAL_NOT_PEER);
        r = bearer_check_claims(call, ask->bearer, &claims, &refusal);
        if (r < 0)
                return r;
        memcpy(call->sid, claims.sid, sizeof call->sid);
        if (!refusal)
                refusal = code_check(call, &claims, ask->service);
        return refusal ? call_refuse(call, refusal) : code_give(call, &claims, ask->service);
}
