/* POST /pam/session and /pam/session/close: a system login's session begins and ends.
 *
 *         login_open_session()  what the account says, which token it may have, how it came in
 *         session_signed()      the signer has signed: the file, then the ticket
 *
 * It stands on its own: sshd asks from another process than it authenticates in, and after a login
 * with a key jeton has seen no password at all. */
#include "pam.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/verify.h"
#include "../../common/wire/wire.h"
#include "bearer.h"
#include "login_session.h"
#include "policy.h"
#include "refresh.h"
#include "sessions.h"
#include "signing.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* How long after its ticket for auth a login still counts as one with a password. */
#define PROOF_WITHIN_S 300

/* ---- how the person came in ---- */

static bool is_of_this_login(const struct pam_login *login, const struct claims *claims) {
        return pam_phase_of(text_of(claims->phase)) == PAM_PHASE_AUTH &&
               login_verdict_of(text_of(claims->verdict)) == LOGIN_GRANTED && claims->has_uid &&
               claims->uid == login->uid &&
               text_is(text_of(claims->service), text_of(login->service));
}

/* By which it ends with what came before a time: its login's, as that of a refresh token's session.
 */
static void session_note_beginning(struct pam_login *login) {
        int64_t auth_time = login->session.auth_time;

        login->session.began_at =
                auth_time > 0 && auth_time < login->began ? auth_time : login->began;
}

/* With a good ticket of its auth phase it is what that says: a password, or a login code, by which
 * no further code can be made; without one all that is known is which process says so, which is the
 * kernel's word. */
static int session_find_method(struct call *call, struct text proof) {
        struct pam_login *login = call->step.login;
        struct expectation expect = {
                .ticket = true,
                .audience = WIRE_TICKET_AUDIENCE,
                .now = clock_wall_s(),
                .leeway = PROOF_WITHIN_S,
        };
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        snprintf(login->session.amr, sizeof login->session.amr, "peer");
        if (proof.len == 0)
                return 0;
        r = bearer_load_keys(call->authority);
        if (r == 0)
                r = token_verify(call->authority->keyset, &call->authority->revocations, proof,
                                 &expect, &verdict, &claims);
        if (r < 0)
                return r;
        if (verdict != VERDICT_VALID || !is_of_this_login(login, &claims))
                return 0;
        snprintf(login->session.amr, sizeof login->session.amr, "%s", claims.amr);
        login->session.auth_time = claims.iat < expect.now ? claims.iat : expect.now;
        return 0;
}

/* ---- which token ---- */

static enum refusal session_find_scope(struct call *call, const struct msg_ask_pam *ask) {
        struct login_row *row = &((struct pam_login *)call->step.login)->session;
        const struct audience_rule *audience;
        enum refusal refusal;

        refusal = policy_find_audience(call->settings, ask->audience, &audience);
        if (refusal)
                return refusal;
        snprintf(row->audience, sizeof row->audience, "%s", audience->name);
        if (!policy_may_use(audience, text_of(call->user->roles)))
                return REFUSAL_AUDIENCE;
        return policy_find_scope(audience, text_of(call->user->roles), ask->scope, row->scope);
}

/* What the audit line says of a session that can have no token, or NULL. */
static const char *session_check(struct call *call, const struct msg_ask_pam *ask) {
        if (session_find_scope(call, ask))
                return "reason=policy";
        if (!login_sessions_has_room(call->authority, ask->uid))
                return "reason=sessions";
        /* Nobody would notice its end. */
        return call->connection->process < 0 ? "reason=process" : NULL;
}

/* ---- the steps ---- */

static int session_begin(struct call *call, const struct msg_signed *token) {
        struct pam_login *login = call->step.login;
        int process = fcntl(call->connection->process, F_DUPFD_CLOEXEC, 0);

        if (process < 0)
                return -errno;
        return login_session_open(call->authority, &login->session, process, token);
}

static int session_signed(struct call *call, const struct msg_signed *token) {
        struct pam_login *login = call->step.login;
        char sub[24], detail[AMR_MAX + 8];
        struct holder holder = {TEXT_NONE, text_of(login->session.sid), TEXT(WIRE_CLIENT_LOCAL)};
        bool ended;
        int r;

        snprintf(sub, sizeof sub, "%llu", (unsigned long long)login->session.user_id);
        holder.sub = text_of(sub);
        r = sessions_were_ended(call, &holder, login->began, &ended);
        if (r == 0 && !ended)
                r = session_begin(call, token);
        if (r < 0)
                return r;
        if (ended) {
                login->session.sid[0] = '\0';
                return login_sign(call, LOGIN_DENIED, "reason=revoked");
        }
        snprintf(detail, sizeof detail, "amr=%s", login->session.amr);
        return login_sign(call, LOGIN_GRANTED, detail);
}

static int session_sign(struct call *call) {
        struct pam_login *login = call->step.login;
        struct login_token token;
        int r;

        login->session.uid = login->uid;
        login->session.pid = call->connection->peer.pid;
        session_note_beginning(login);
        login->session.user_id = call->user->id;
        r = sid_draw(login->session.sid);
        if (r < 0)
                return r;
        if (login_token_compose(call->settings, &login->session, call->user, &token))
                return -EBADMSG; /* session_find_scope() has found it good */
        return sign_ask_access(call, &token.fields, session_signed);
}

int login_open_session(struct call *call, const struct msg_ask_pam *ask) {
        enum login_verdict verdict = login_account_verdict(call);
        const char *reason;
        int r;

        if (verdict != LOGIN_GRANTED)
                return login_sign(call, verdict, "");
        reason = session_check(call, ask);
        if (reason)
                return login_sign(call, LOGIN_DENIED, reason);
        r = session_find_method(call, ask->proof);
        return r < 0 ? r : session_sign(call);
}

/* ---- the end ---- */

/* It may have ended by itself meanwhile. */
static int close_write(struct call *call, struct transaction *transaction) {
        const struct pam_login *login = call->step.login;
        struct login_session *session =
                login_session_find(call->authority, text_of(login->session.sid));

        return session ? login_session_write_end(session, transaction) : 0;
}

static int close_done(struct call *call) {
        const struct pam_login *login = call->step.login;
        struct login_session *session =
                login_session_find(call->authority, text_of(login->session.sid));
        char detail[PASSWORD_REASON_MAX];

        if (session)
                login_session_ended(session, "it was closed");
        snprintf(detail, sizeof detail, "sid=%s", login->session.sid);
        return login_sign(call, LOGIN_GRANTED, detail);
}

/* What its account says is of no interest any more. The ticket has no sid: it would be revoked. */
int login_close_session(struct call *call, const struct msg_ask_pam *ask) {
        struct pam_login *login = call->step.login;
        const struct login_session *session = login_session_find(call->authority, ask->sid);

        if (!session || session->row.uid != ask->uid)
                return login_sign(call, LOGIN_UNKNOWN, "");
        memcpy(login->session.sid, session->row.sid, sizeof login->session.sid);
        return call_commit(call, close_write, close_done, call_fail);
}
