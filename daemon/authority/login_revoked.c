/* Sessions of system logins and what is revoked by others: which of them end with it, and the one
 * that goes on with a new password. */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "authority.h"
#include "login_session.h"
#include "sessions.h"
#include "store/sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool names_token(const struct login_session *session, const struct revoked *revoked) {
        return text_is(text_of(session->jti), text_of(revoked->claim));
}

static bool names_session(const struct login_session *session, const struct revoked *revoked) {
        return text_is(text_of(session->row.sid), text_of(revoked->claim));
}

static bool names_user(const struct login_session *session, const struct revoked *revoked) {
        return session->row.user_id == revoked->user_id;
}

static bool names_client(const struct login_session *session, const struct revoked *revoked) {
        (void)session;
        return text_is(text_of(revoked->claim), TEXT(WIRE_CLIENT_LOCAL));
}

static bool names_all(const struct login_session *session, const struct revoked *revoked) {
        (void)session;
        (void)revoked;
        return true;
}

/* Compared, not hashed as verifiers do: this is asked of every session for each revocation. */
static const struct {
        bool (*names)(const struct login_session *session, const struct revoked *revoked);
        bool is_by_time;
} kinds[REVOKED_KINDS] = {
        [REVOKED_TOKEN] = {names_token, false}, [REVOKED_SESSION] = {names_session, false},
        [REVOKED_SUBJECT] = {names_user, true}, [REVOKED_CLIENT] = {names_client, true},
        [REVOKED_ALL] = {names_all, true},
};

static bool ends_with(const struct login_session *session, const struct revoked *revoked,
                      int64_t login_before) {
        if (session->why || !kinds[revoked->kind].names(session, revoked))
                return false;
        return !kinds[revoked->kind].is_by_time ||
               (session->row.began_at < login_before &&
                !text_is(text_of(session->row.sid), text_of(revoked->kept_sid)));
}

static int doom_write(struct login_session *session, struct transaction *transaction,
                      int64_t before) {
        struct revoked revoked = revoked_session(session->row.sid, "");
        int r;

        r = logins_remove(transaction, text_of(session->row.sid));
        if (r == 0 && session->issued_at >= before)
                r = sessions_revoke_tokens(session->authority, transaction, &revoked);
        if (r == 0)
                session->is_doomed = session->authority->logins.any_doomed = true;
        return r;
}

int login_sessions_write_revoked(struct authority *authority, struct transaction *transaction,
                                 const struct revoked *revoked,
                                 const struct revocation *revocation) {
        struct login_session *session;
        int r = 0;

        for (session = authority->logins.first; r == 0 && session; session = session->next)
                if (ends_with(session, revoked, revocation->login_before))
                        r = doom_write(session, transaction, revocation->entry.before);
        return r;
}

static void review_due(void *context) {
        struct authority *authority = context;
        struct login_session *session;

        for (session = authority->logins.first; session; session = session->next)
                if (!session->why && session->is_revoked)
                        login_session_end(session, "its token was revoked");
}

/* By any entry there is, as a verifier looks at it. */
static bool is_token_revoked(const struct login_session *session) {
        struct claims claims = {.client_id = WIRE_CLIENT_LOCAL};
        int64_t before = 0;

        snprintf(claims.sub, sizeof claims.sub, "%" PRIu64, session->row.user_id);
        memcpy(claims.sid, session->row.sid, sizeof claims.sid);
        memcpy(claims.jti, session->jti, sizeof claims.jti);
        return session->issued_at > 0 &&
               revocations_before(&session->authority->revocations, &claims, &before) == 0 &&
               before > session->issued_at;
}

void login_sessions_follow(struct authority *authority) {
        struct login_sessions *logins = &authority->logins;
        struct login_session *session;

        if (!logins->any_doomed && !logins->is_review_whole)
                return;
        for (session = logins->first; session; session = session->next) {
                if (session->is_doomed || (logins->is_review_whole && is_token_revoked(session))) {
                        session->is_revoked = true;
                        session->asked = 0;
                }
                session->is_doomed = false;
        }
        logins->any_doomed = logins->is_review_whole = false;
        if (loop_timer(authority->loop, &logins->review, clock_monotonic_ms(), review_due,
                       authority) < 0) {
                log_warning("revoked tokens stay in their files for now: out of memory");
                logins->is_review_whole = true; /* with the next commit */
        }
}

void login_sessions_spare(struct authority *authority) {
        struct login_session *session;

        if (!authority->logins.any_doomed)
                return;
        for (session = authority->logins.first; session; session = session->next)
                session->is_doomed = false;
        authority->logins.any_doomed = false;
}

int login_session_note_kept(struct login_session *session) {
        struct claims claims = {.client_id = WIRE_CLIENT_LOCAL};
        int64_t before = 0;
        int r;

        snprintf(claims.sub, sizeof claims.sub, "%" PRIu64, session->row.user_id);
        r = revocations_before(&session->authority->revocations, &claims, &before);
        if (r == 0 && session->issued_at < before)
                session->issued_at = before;
        return r;
}

/* What the signer is asked now is born after the revocation; the next one ends the session, also
 * while the signer has not answered. */
void login_session_keep(struct authority *authority, struct text sid) {
        struct login_session *session = login_session_find(authority, sid);

        if (session && !session->is_revoked && login_session_note_kept(session) == 0)
                login_session_renew(session);
}
