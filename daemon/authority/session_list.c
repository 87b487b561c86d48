/* GET /sessions and DELETE /sessions/{sid}: a person sees and ends his own, an admin anybody's. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/base64url.h"
#include "admin.h"
#include "audit.h"
#include "bearer.h"
#include "sessions.h"
#include "store/sessions.h"

#include <inttypes.h>
#include <stdio.h>

#define LIST_LIMIT_MAX 1000

/* ---- GET /sessions ---- */

struct listing {
        struct call *call;
        char current[SID_LEN + 1]; /* of the token that asked */
};

static int64_t end_of(const struct call *call, const struct session *session) {
        int64_t idle_end = session->used_at + call->settings->refresh_idle_s;

        return idle_end < session->expires_at ? idle_end : session->expires_at;
}

static int list_each(void *context, const struct session *session) {
        const struct listing *listing = context;
        struct msg_answer_session answer = {
                .sid = text_of(session->sid),
                .user_id = session->user_id,
                .username = text_of(session->username),
                .client_id = text_of(session->client_id),
                .audience = text_of(session->audience),
                .scope = text_of(session->scope),
                .amr = text_of(session->amr),
                .auth_time = session->auth_time,
                .used_at = session->used_at,
                .expires_at = end_of(listing->call, session),
                .is_current = text_is(text_of(session->sid), text_of(listing->current)),
        };

        return call_send(listing->call, MSG_ANSWER_SESSION, &answer);
}

static int list_send(struct call *call, const struct msg_ask_sessions *ask,
                     const struct claims *claims) {
        struct listing listing = {.call = call};
        struct session_filter filter = {
                .user_id = call->user ? call->user->id : 0,
                .now = clock_wall_s(),
                .idle_s = call->settings->refresh_idle_s,
                .skip = ask->skip,
                .limit = ask->limit < LIST_LIMIT_MAX ? ask->limit : LIST_LIMIT_MAX,
        };
        struct msg_answer_sessions_end end;
        int r;

        memcpy(listing.current, claims->sid, sizeof listing.current);
        r = sessions_list(call->authority->store, &filter, list_each, &listing, &end.total);
        return r < 0 ? r : call_answer(call, MSG_ANSWER_SESSIONS_END, &end);
}

/* Whose sessions are asked for: in call->user; NULL: everybody's. */
static int list_check(struct call *call, const struct msg_ask_sessions *ask,
                      struct claims *ret_claims, enum refusal *ret_refusal) {
        if (ask->own)
                return bearer_check_claims(call, ask->bearer, ret_claims, ret_refusal);
        if (ask->user.len == 0)
                return admin_check(call, ask->credential, ask->bearer, ret_refusal);
        return admin_find_user(call, ask->credential, ask->bearer, ask->user, ret_refusal);
}

int answer_sessions(struct call *call, const union message *message) {
        const struct msg_ask_sessions *ask = &message->ask_sessions;
        struct claims claims = {.sid = ""};
        enum refusal refusal;
        int r;

        r = list_check(call, ask, &claims, &refusal);
        if (r < 0)
                return r;
        refusal = call_list_refusal(call, refusal);
        if (refusal)
                return call_refuse(call, refusal);
        return list_send(call, ask, &claims);
}

/* ---- DELETE /sessions/{sid} ---- */

/* A session without a row was never given a refresh token, and is known by its tokens alone: its
 * owner has to present one of them, an admin may name it. */
static bool may_end(const struct call *call, struct text sid, const struct session *session,
                    const struct claims *claims) {
        if (session->user_id != 0)
                return session->user_id == call->user->id;
        return text_is(text_of(claims->sid), sid);
}

/* Who is no admin may end his own: the token is looked at twice, once for each question. */
static int end_check(struct call *call, const struct msg_ask_session_end *ask,
                     const struct session *session, enum refusal *ret_refusal) {
        struct claims claims;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, ret_refusal);
        if (r < 0 || !*ret_refusal || ask->credential != CREDENTIAL_BEARER)
                return r;
        r = bearer_check_claims(call, ask->bearer, &claims, ret_refusal);
        if (r == 0 && !*ret_refusal && !may_end(call, ask->sid, session, &claims))
                *ret_refusal = REFUSAL_NO_SESSION;
        return r;
}

struct session_end {
        struct revoked revoked;
        char username[USER_NAME_MAX + 1];
};

static int end_write(struct call *call, struct transaction *transaction) {
        return sessions_revoke(call->authority, transaction, &call->step.session_end->revoked);
}

static int end_answer(struct call *call) {
        const struct session_end *end = call->step.session_end;
        char detail[sizeof end->revoked.claim + 8];

        snprintf(detail, sizeof detail, "sid=%s", end->revoked.claim);
        audit(call, "session-end", "done", text_of(end->username), detail);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

static int end_begin(struct call *call, const char *sid, const struct session *session) {
        struct session_end *end = calloc(1, sizeof *end);
        uint64_t owner = session->user_id;
        char sub[24] = "";

        if (!end)
                return -ENOMEM;
        call->step.session_end = end;
        call->free_step = free;
        if (owner == 0 && call->user)
                owner = call->user->id;
        if (owner != 0)
                snprintf(sub, sizeof sub, "%" PRIu64, owner);
        end->revoked = revoked_session(sid, sub);
        memcpy(end->username, session->username, sizeof end->username);
        return call_commit(call, end_write, end_answer, call_fail);
}

static bool is_sid(struct text text) {
        uint8_t bytes[16];
        size_t len;

        return base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
}

int answer_session_end(struct call *call, const union message *message) {
        const struct msg_ask_session_end *ask = &message->ask_session_end;
        struct session session = {.user_id = 0};
        enum refusal refusal = REFUSAL_NO_SESSION;
        char sid[SID_LEN + 1];
        int r;

        if (!is_sid(ask->sid) || text_copy(ask->sid, sid, sizeof sid) < 0)
                return call_refuse(call, REFUSAL_NO_SESSION);
        r = sessions_find(call->authority->store, ask->sid, &session);
        if (r == 0 || r == -ENOENT)
                r = end_check(call, ask, &session, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return end_begin(call, sid, &session);
}
