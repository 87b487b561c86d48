/* POST /pam/...: a system login asks, and believes only a signed ticket. Here is what the phases
 * share, and auth and account; pam_session.c and pam_password.c have the others.
 *
 *         answer_pam()           may this peer ask, are the fields good, who is linked to that uid
 *         login_check_password() auth: is the password right
 *         login_judge_account()  account: the user as he stands now
 *         login_answer()         the signer has signed the verdict; a no leaves on the time grid */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/base64url.h"
#include "../../common/log.h"
#include "audit.h"
#include "guesser.h"
#include "pam.h"
#include "password.h"
#include "policy.h"
#include "renewal.h"
#include "sessions.h"
#include "signing.h"

#include <inttypes.h>
#include <stdio.h>

/* Disabled, removed or given another password while the ticket was with the signer, or what made
 * his code was ended: it was granted to somebody who is no more. */
static int login_was_ended(const struct call *call, bool *ret) {
        const struct pam_login *login = call->step.login;
        struct holder holder = {TEXT_NONE, TEXT_NONE, TEXT_NONE};
        char sub[24];

        if (login->by_code)
                return login_code_ended(call, ret);
        snprintf(sub, sizeof sub, "%" PRIu64, call->user->id);
        holder.sub = text_of(sub);
        return sessions_were_ended(call, &holder, login->began, ret);
}

/* RFC 8176 */
static const char *login_method(const struct pam_login *login) {
        return login->by_code ? "otp" : "pwd";
}

#define LOGIN_WHY_MAX (PASSWORD_REASON_MAX + 64)

/* Of a no why, of a yes how; where a code was out, which token made it. */
static void login_why(const struct pam_login *login, char ret[LOGIN_WHY_MAX]) {
        bool granted = login->verdict == LOGIN_GRANTED;
        size_t len;

        ret[0] = '\0';
        if (login->reason[0])
                snprintf(ret, LOGIN_WHY_MAX, " %s", login->reason);
        else if (!granted)
                snprintf(ret, LOGIN_WHY_MAX, " reason=%s", login_verdict_word(login->verdict));
        else if (login->phase == PAM_PHASE_AUTH)
                snprintf(ret, LOGIN_WHY_MAX, " amr=%s", login_method(login));
        len = strlen(ret);
        if (login->taken.jti[0])
                snprintf(ret + len, LOGIN_WHY_MAX - len, " from_jti=%s", login->taken.jti);
}

/* When it is signed: until then nothing is granted. */
static void login_audit(const struct call *call) {
        const struct pam_login *login = call->step.login;
        bool granted = login->verdict == LOGIN_GRANTED;
        const char *verdict = login_verdict_word(login->verdict);
        char detail[LOG_ESCAPED_MAX + 320], reason[LOGIN_WHY_MAX], event[24];

        login_why(login, reason);
        snprintf(detail, sizeof detail, "service=%s uid=%u verdict=%s%s rhost=\"%s\"",
                 login->service, login->uid, verdict, reason,
                 log_escape(text_of(login->rhost)).text);
        snprintf(event, sizeof event, "pam-%s", pam_phase_word(login->phase));
        audit(call, event, granted ? "granted" : "refused", text_of(login->username), detail);
}

/* The phases that revoke what the user has, and are to say so. */
static bool ends_by_itself(enum pam_phase phase) {
        return phase == PAM_PHASE_CLOSE || phase == PAM_PHASE_PASSWORD;
}

/* A no to somebody who may be guessing leaves on the time grid. */
static bool is_late(const struct pam_login *login) {
        return login->verdict == LOGIN_DENIED &&
               (login->phase == PAM_PHASE_AUTH || login->phase == PAM_PHASE_CHECK ||
                login->phase == PAM_PHASE_PASSWORD);
}

/* The ticket that says yes goes nowhere. */
static int login_ended(struct call *call) {
        struct pam_login *login = call->step.login;

        login->verdict = LOGIN_DENIED;
        snprintf(login->reason, sizeof login->reason, "reason=revoked");
        login_audit(call);
        return call_refuse(call, REFUSAL_BUSY);
}

static int login_answer(struct call *call, const struct msg_signed *token) {
        const struct pam_login *login = call->step.login;
        struct msg_answer_ticket answer = {.ticket = token->token};
        bool ended = false;
        int r = 0;

        if (login->verdict == LOGIN_GRANTED && !ends_by_itself(login->phase))
                r = login_was_ended(call, &ended);
        if (r < 0 || ended)
                return r < 0 ? r : login_ended(call);
        login_audit(call);
        if (login->verdict == LOGIN_GRANTED && login->phase == PAM_PHASE_AUTH && !login->by_code)
                renewal_begin(call);
        if (is_late(login))
                return call_answer_ticket_late(call, token->token);
        return call_answer(call, MSG_ANSWER_TICKET, &answer);
}

int login_sign(struct call *call, enum login_verdict verdict, const char *reason) {
        struct pam_login *login = call->step.login;
        struct msg_sign_ticket fields = {
                .username = text_of(login->username),
                .uid = login->uid,
                .service = text_of(login->service),
                .nonce = text_of(login->nonce),
                .phase = (uint8_t)login->phase,
                .verdict = (uint8_t)verdict,
                .role = text_of(login->role),
                .at_least = verdict == LOGIN_SHORT ? login->at_least : 0,
                .sid = login->phase == PAM_PHASE_SESSION ? text_of(login->session.sid) : TEXT_NONE,
        };

        if (login->phase == PAM_PHASE_AUTH && verdict == LOGIN_GRANTED)
                fields.amr = text_of(login_method(login));
        login->verdict = verdict;
        snprintf(login->reason, sizeof login->reason, "%s", reason);
        return sign_ask_ticket(call, &fields, login_answer);
}

bool login_has_role(const struct call *call) {
        const struct pam_login *login = call->step.login;

        return !login->role[0] || text_list_has(text_of(call->user->roles), text_of(login->role));
}

/* Who lacks the role is refused like who guessed: in auth the answer must not confirm a password.
 */
static int login_judge_role(struct call *call) {
        if (login_has_role(call))
                return login_sign(call, LOGIN_GRANTED, "");
        return login_sign(call, LOGIN_DENIED, "reason=role");
}

bool login_is_linked(const struct call *call) {
        return call->user->has_uid && call->user->uid == call->step.login->uid;
}

/* He must still be linked, after the wait for the worker. */
static int login_check_password(struct call *call, enum password_verdict verdict) {
        char password[PASSWORD_REASON_MAX], reason[PASSWORD_REASON_MAX + 16];
        struct pam_login *login = call->step.login;

        login->by_code = verdict == PASSWORD_REPLACED;
        if ((verdict == PASSWORD_RIGHT || login->by_code) && login_is_linked(call))
                return login_judge_role(call);
        password_reason(call, verdict, password);
        snprintf(reason, sizeof reason, "%s%s", password, login->code ? login->code : "");
        return login_sign(call, LOGIN_DENIED, reason);
}

enum login_verdict login_account_verdict(const struct call *call) {
        if (!call->user)
                return LOGIN_UNKNOWN;
        if (call->user->disabled)
                return LOGIN_DISABLED;
        return user_has_expired(call->user, clock_wall_s()) ? LOGIN_EXPIRED : LOGIN_GRANTED;
}

static int login_judge_account(struct call *call) {
        enum login_verdict verdict = login_account_verdict(call);

        if (verdict != LOGIN_GRANTED)
                return login_sign(call, verdict, "");
        if (login_has_role(call) &&
            user_must_change(call->user, call->settings->password_max_age_s, clock_wall_s()))
                return login_sign(call, LOGIN_MUST_CHANGE, "");
        return login_judge_role(call);
}

static bool may_ask_oneself(const struct msg_ask_pam *ask) {
        return ask->phase == PAM_PHASE_ACCOUNT ||
               ((ask->phase == PAM_PHASE_CHECK || ask->phase == PAM_PHASE_PASSWORD) &&
                !ask->by_root);
}

/* auth is for whoever knows a password; account tells of a person, and only root, an administrator,
 * whoever may act for others, or the account itself may ask. A session makes a token: nobody opens
 * his own. A password is changed by who knows it, for himself; by root's and an administrator's
 * right without. Whose right it is must be said: a program of root's that was made to connect, with
 * a body of somebody's choosing, asks for nothing. */
static enum refusal login_may_ask(const struct call *call, const struct msg_ask_pam *ask) {
        const struct peer *peer = &call->connection->peer;

        if (!peer->is_known)
                return REFUSAL_NOT_PEER;
        if (ask->phase == PAM_PHASE_AUTH)
                return REFUSAL_NONE;
        if (!ask->as_peer)
                return REFUSAL_NO_CREDENTIALS;
        if (peer->uid == 0)
                return REFUSAL_NONE;
        if (may_ask_oneself(ask) && peer->uid == ask->uid &&
            peer->uid != call->authority->overflow_uid)
                return REFUSAL_NONE;
        if (policy_is_admin(call) || (policy_may_act_for(call) && !ask->by_root))
                return REFUSAL_NONE;
        return may_ask_oneself(ask) ? REFUSAL_NOT_YOURS : REFUSAL_NOT_ROOT;
}

static enum refusal login_check_fields(const struct msg_ask_pam *ask) {
        uint8_t nonce[32];
        size_t nonce_len;

        if (!name_is_user(ask->username))
                return REFUSAL_USER_NAME;
        if (!name_is_service(ask->service))
                return REFUSAL_SERVICE;
        if (ask->role.len > 0 && !name_is_role(ask->role))
                return REFUSAL_ROLES;
        if (base64url_decode(ask->nonce, nonce, sizeof nonce, &nonce_len) < 0 ||
            nonce_len != sizeof nonce)
                return REFUSAL_NONCE;
        return REFUSAL_NONE;
}

static int login_keep(struct call *call, const struct msg_ask_pam *ask) {
        struct pam_login *login = calloc(1, sizeof *login);

        if (!login)
                return -ENOMEM;
        call->step.login = login;
        call->free_step = free;
        login->phase = ask->phase;
        login->uid = ask->uid;
        login->as_peer = ask->as_peer;
        login->began = clock_wall_s();
        if (text_copy(ask->username, login->username, sizeof login->username) < 0 ||
            text_copy(ask->service, login->service, sizeof login->service) < 0 ||
            text_copy(ask->rhost, login->rhost, sizeof login->rhost) < 0 ||
            text_copy(ask->nonce, login->nonce, sizeof login->nonce) < 0 ||
            text_copy(ask->role, login->role, sizeof login->role) < 0)
                return -EINVAL;
        return 0;
}

int login_ask_password(struct call *call, const struct msg_ask_pam *ask, call_judged *then) {
        struct throttle_key guesser;
        int r;

        r = guesser_of_pam(call, ask, &guesser);
        return r < 0 ? r : password_ask(call, &guesser, ask->password, then);
}

static int login_ask_auth(struct call *call, const struct msg_ask_pam *ask) {
        struct throttle_key guesser;
        int r;

        r = guesser_of_pam(call, ask, &guesser);
        return r < 0 ? r
                     : password_ask_unless(call, &guesser, ask->password, login_try_code,
                                           login_check_password);
}

static int login_ask_account(struct call *call, const struct msg_ask_pam *ask) {
        (void)ask;
        return login_judge_account(call);
}

static int (*const phases[])(struct call *call, const struct msg_ask_pam *ask) = {
        [PAM_PHASE_AUTH] = login_ask_auth,        [PAM_PHASE_ACCOUNT] = login_ask_account,
        [PAM_PHASE_SESSION] = login_open_session, [PAM_PHASE_CLOSE] = login_close_session,
        [PAM_PHASE_CHECK] = login_check_present,  [PAM_PHASE_PASSWORD] = login_change_password,
};

int answer_pam(struct call *call, const union message *message) {
        const struct msg_ask_pam *ask = &message->ask_pam;
        enum refusal refusal;
        int r;

        if (ask->phase == PAM_PHASE_NONE)
                return -EPROTO;
        refusal = login_may_ask(call, ask);
        if (!refusal)
                refusal = login_check_fields(ask);
        if (refusal)
                return call_refuse(call, refusal);
        r = login_keep(call, ask);
        if (r < 0)
                return r;
        /* By uid, never by name: the two namespaces meet only where an administrator linked them.
         */
        r = users_find_uid(call->authority->store, ask->uid, &call->user);
        if (r < 0 && r != -ENOENT)
                return r;
        return phases[ask->phase](call, ask);
}
