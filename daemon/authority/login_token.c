/* The token of a system login's session: what it says, and how it is replaced while it lives. A
 * renewal asks the database anew: who is disabled, unlinked or has lost a role has it from then on.
 */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "authority.h"
#include "login_session.h"
#include "policy.h"
#include "sessions.h"
#include "signing.h"
#include "store/users.h"
#include "token_files.h"

#include <inttypes.h>
#include <string.h>

/* The signer was busy, or the disk full: the token at hand is good for half of its life still. */
#define RETRY_MS 2000

/* Timers stand still while the host sleeps, and the wall clock, by which a token ends, can be set:
 * so often it is looked at. */
#define LOOK_MS 30000

enum refusal login_token_compose(const struct settings *settings, const struct login_row *row,
                                 const struct user *user, struct login_token *ret) {
        struct text roles = text_of(user->roles);
        const struct audience_rule *audience;
        enum refusal refusal;

        refusal = policy_find_audience(settings, text_of(row->audience), &audience);
        if (refusal)
                return refusal;
        if (!policy_may_use(audience, roles))
                return REFUSAL_AUDIENCE;
        refusal = policy_narrow_scope(audience, roles, text_of(row->scope), TEXT_NONE, ret->scope);
        if (refusal)
                return refusal;
        snprintf(ret->sub, sizeof ret->sub, "%" PRIu64, user->id);
        ret->fields = (struct msg_sign_access){
                .kind = (uint8_t)audience->kind,
                .sub = text_of(ret->sub),
                .client_id = TEXT(WIRE_CLIENT_LOCAL),
                .audience = text_of(audience->name),
                .scope = text_of(ret->scope),
                .roles = roles,
                .username = text_of(user->name),
                .has_uid = user->has_uid,
                .uid = user->uid,
                .sid = text_of(row->sid),
                .auth_time = row->auth_time,
                .amr = text_of(row->amr),
                .lifetime_s = audience->lifetime_s,
                .algorithm = (uint8_t)audience->algorithm,
        };
        return REFUSAL_NONE;
}

/* ---- renewing ---- */

static void timer_set(struct login_session *session, int64_t in_ms, void (*due)(void *session)) {
        if (loop_timer(session->authority->loop, &session->timer, clock_monotonic_ms() + in_ms, due,
                       session) < 0)
                log_error("session %s will not be renewed: out of memory", session->row.sid);
}

/* With more left than there was at first the clock has been set back: the token at hand is of the
 * future, which verifiers refuse. */
static void look(void *context) {
        struct login_session *session = context;
        int64_t left = session->renew_at_ms - clock_wall_ms();

        if (left <= 0 || left > session->life_ms)
                login_session_renew(session);
        else
                timer_set(session, left < LOOK_MS ? left : LOOK_MS, look);
}

static void renew_again(struct login_session *session, int error) {
        if (retries_count(&session->retries))
                log_warning("session %s is not renewed yet (try %" PRIu32 "): %s", session->row.sid,
                            session->retries.failed, strerror(-error));
        timer_set(session, RETRY_MS, login_session_renew);
}

static void renewed(struct login_session *session) {
        if (session->retries.failed > 0)
                log_notice("session %s is renewed again, after %" PRIu32 " failures",
                           session->row.sid, session->retries.failed);
        session->retries = (struct retries){0};
}

int login_session_put(struct login_session *session, const struct msg_signed *token) {
        const struct login_row *row = &session->row;
        int r;

        r = text_copy(token->jti, session->jti, sizeof session->jti);
        if (r == 0)
                r = token_file_write(session->authority->tokens_dir, row->uid, row->sid,
                                     token->token);
        if (r < 0)
                return r;
        session->authority->counts[COUNT_ISSUED + COUNTED_LOGIN]++;
        session->issued_at = token->issued_at;
        session->life_ms = (token->expires_at - token->issued_at) * 1000 / 2;
        session->renew_at_ms = clock_wall_ms() + session->life_ms;
        look(session);
        return 0;
}

/* The user is the one of the login, and may still be there. 0; -ESTALE: he may not; other -errno.
 */
static int user_load(struct login_session *session, struct user **ret) {
        _cleanup_(user_freep) struct user *user = NULL;
        int r;

        r = users_find_uid(session->authority->store, session->row.uid, &user);
        if (r == -ENOENT)
                return -ESTALE;
        if (r < 0)
                return r;
        if (user->id != session->row.user_id || !user_is_active(user, clock_wall_s()))
                return -ESTALE;
        *ret = take(user);
        return 0;
}

/* Never 0, which is no question. */
static uint32_t serial_next(struct login_sessions *logins) {
        logins->serial = logins->serial == UINT32_MAX ? 1 : logins->serial + 1;
        return logins->serial;
}

static int ask(struct login_session *session) {
        struct authority *authority = session->authority;
        _cleanup_(user_freep) struct user *user = NULL;
        struct login_token token;
        int r;

        r = user_load(session, &user);
        if (r < 0)
                return r;
        if (login_token_compose(authority->settings, &session->row, user, &token))
                return -ESTALE;
        session->asked = SIGNING_OWN | serial_next(&authority->logins);
        return sign_ask_own(authority, session->asked, &token.fields);
}

void login_session_renew(void *context) {
        struct login_session *session = context;
        int r = ask(session);

        if (r == 0)
                return;
        session->asked = 0;
        if (r == -ESTALE) {
                login_session_end(session, "its user may have no token any more");
                return;
        }
        renew_again(session, r);
}

static struct login_session *find_asked(const struct authority *authority, uint64_t serial) {
        struct login_session *session;

        for (session = authority->logins.first; session; session = session->next)
                if (session->asked == serial)
                        return session;
        return NULL;
}

int login_sessions_take_signed(struct authority *authority, const struct frame *frame) {
        struct login_session *session = find_asked(authority, frame->call);
        int r = -EBUSY;

        if (frame->type != MSG_SIGNED && frame->type != MSG_NOT_SIGNED)
                return -EPROTO;
        if (!session)
                return 0; /* it has ended meanwhile */
        session->asked = 0;
        if (frame->type == MSG_SIGNED) {
                sessions_note_birth(authority, frame->message.signed_token.issued_at);
                r = login_session_put(session, &frame->message.signed_token);
        }
        if (r < 0)
                renew_again(session, r);
        else
                renewed(session);
        return 0;
}
