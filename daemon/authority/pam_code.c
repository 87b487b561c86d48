/* A login code in the password's place, in a system login's auth phase. Everything that could still
 * refuse the login is looked at before the code is, so that a code which is used up lets its owner
 * in, and a refusal tells nothing of it. */
#include "pam.h"

#include "../../common/clock.h"
#include "audit.h"
#include "codes.h"
#include "policy.h"
#include "sessions.h"

#include <inttypes.h>
#include <stdio.h>

/* The service is the asking process's word. Root's programs are believed, an administrator's, and
 * the account's own about itself, all of them where they ask by that right; whoever else asks could
 * use up a stranger's code. */
static bool is_believed(const struct call *call) {
        const struct peer *peer = &call->connection->peer;
        const struct pam_login *login = call->step.login;

        if (!login->as_peer)
                return false;
        if (peer->uid == login->uid)
                return peer->uid != call->authority->overflow_uid;
        return peer->uid == 0 || policy_is_admin(call);
}

static bool may_log_in(const struct call *call) {
        const struct pam_login *login = call->step.login;

        return call->user && user_is_active(call->user, clock_wall_s()) && login_is_linked(call) &&
               login_has_role(call) &&
               text_list_has(text_of(call->settings->login_code_services), text_of(login->service));
}

/* The token that made it, its session, its user: the end of any is the code's. Past the token's own
 * time a revocation may be forgotten. */
static int has_ended(const struct call *call, const struct code *code, bool *ret) {
        struct claims claims = {.iat = code->iat};

        memcpy(claims.sid, code->sid, sizeof code->sid);
        memcpy(claims.jti, code->jti, sizeof code->jti);
        memcpy(claims.client_id, code->client_id, sizeof code->client_id);
        snprintf(claims.sub, sizeof claims.sub, "%" PRIu64, code->user_id);
        if (code->exp <= clock_wall_s()) {
                *ret = true;
                return 0;
        }
        return sessions_token_ended(call->authority, &claims, ret);
}

int login_code_ended(const struct call *call, bool *ret) {
        const struct pam_login *login = call->step.login;

        return has_ended(call, &login->taken, ret);
}

static const char *const notes[] = {
        [CODE_NONE] = NULL,
        [CODE_WRONG] = " code=wrong",
        [CODE_SPENT] = " code=spent",
        [CODE_RIGHT] = " code=ended", /* unless it is taken */
};

static int code_judge(struct call *call, enum code_answer answer, const struct code *code,
                      bool *ret_proven) {
        struct pam_login *login = call->step.login;
        bool ended = false;
        int r;

        if (answer == CODE_NONE)
                return 0;
        memcpy(call->sid, code->sid, sizeof call->sid);
        audit_keep_client(call, text_of(code->client_id));
        login->taken = *code;
        r = has_ended(call, code, &ended);
        if (r < 0)
                return r;
        login->code = notes[answer];
        *ret_proven = answer == CODE_RIGHT && !ended && code->uid == login->uid;
        return 0;
}

int login_try_code(struct call *call, bool *ret_proven) {
        const struct pam_login *login = call->step.login;
        enum code_answer answer = CODE_NONE;
        struct code code;
        int r;

        if (!is_believed(call) || !may_log_in(call))
                return 0;
        r = codes_try(call->authority->codes, call->user->id, text_of(login->service),
                      secret_text(call->password), clock_boot_ms(), &answer, &code);
        return r < 0 ? r : code_judge(call, answer, &code, ret_proven);
}
