/* The life of a session between its opening and its end. */
#include "login_session.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "authority.h"
#include "peer_process.h"
#include "sessions.h"
#include "store/sessions.h"
#include "token_files.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

/* What verifiers may grant a token beyond its time, as sessions.c has it. */
#define VERIFIER_LEEWAY_S 60

#define END_RETRY_MS 2000

/* ---- the list ---- */

bool login_sessions_has_room(const struct authority *authority, uint32_t uid) {
        const struct login_session *session;
        size_t all = 0, of_uid = 0;

        for (session = authority->logins.first; session; session = session->next) {
                all++;
                of_uid += session->row.uid == uid;
        }
        return all < LOGIN_SESSIONS_MAX && of_uid < LOGIN_SESSIONS_PER_UID;
}

struct login_session *login_session_find(const struct authority *authority, struct text sid) {
        struct login_session *session;

        for (session = authority->logins.first; session; session = session->next)
                if (!session->why && text_is(text_of(session->row.sid), sid))
                        return session;
        return NULL;
}

static void let_go(struct login_session *session) {
        struct loop *loop = session->authority->loop;

        commit_forget(session->authority, &session->commit);
        loop_timer_unset(loop, &session->timer);
        loop_unwatch(loop, &session->watch);
        closep(&session->process);
}

/* Timer: its revoked token has expired. */
static void forget(void *context) {
        struct login_session *session = context, **place = &session->authority->logins.first;

        while (*place != session)
                place = &(*place)->next;
        *place = session->next;
        let_go(session);
        free(session);
}

void login_sessions_clear(struct authority *authority) {
        while (authority->logins.first)
                forget(authority->logins.first);
        loop_timer_unset(authority->loop, &authority->logins.review);
}

/* ---- the end ---- */

/* A revoked token is an entry of the status page until every token of today has expired. */
static int64_t entry_ms(const struct authority *authority) {
        int64_t lifetime = settings_longest_lifetime(authority->settings);

        return (lifetime + authority->settings->leeway_s + VERIFIER_LEEWAY_S) * 1000;
}

/* Not by its user: that would be one of the 64 entries after which all of his tokens are revoked,
 * and logins come and go. */
int login_session_write_end(struct login_session *session, struct transaction *transaction) {
        struct revoked revoked = revoked_session(session->row.sid, "");
        int r = 0;

        if (!session->is_revoked)
                r = sessions_revoke_tokens(session->authority, transaction, &revoked);
        return r < 0 ? r : logins_remove(transaction, text_of(session->row.sid));
}

static void stop(struct login_session *session, const char *why) {
        if (!session->why)
                session->retries = (struct retries){0};
        session->why = why;
        session->asked = 0;
        let_go(session);
}

void login_session_ended(struct login_session *session, const char *why) {
        struct authority *authority = session->authority;
        const struct login_row *row = &session->row;
        int r;

        stop(session, why);
        r = token_file_remove(authority->tokens_dir, row->uid, row->sid);
        if (r < 0)
                log_error("the token of session %s of uid %" PRIu32 " could not be removed: %s",
                          row->sid, row->uid, strerror(-r));
        log_info("session %s of uid %" PRIu32 " is over: %s", row->sid, row->uid, why);
        if (loop_timer(authority->loop, &session->timer, clock_monotonic_ms() + entry_ms(authority),
                       forget, session) < 0)
                log_warning("an ended session goes on being counted: out of memory");
}

static int end_write(void *session, struct transaction *transaction) {
        return login_session_write_end(session, transaction);
}

static void end_again(void *context) {
        struct login_session *session = context;

        login_session_end(session, session->why);
}

static void end_done(void *context, int r) {
        struct login_session *session = context;

        if (r == 0) {
                login_session_ended(session, session->why);
                return;
        }
        if (retries_count(&session->retries))
                log_error("the end of session %s is not stored yet (try %" PRIu32 "): %s",
                          session->row.sid, session->retries.failed, strerror(-r));
        if (loop_timer(session->authority->loop, &session->timer,
                       clock_monotonic_ms() + END_RETRY_MS, end_again, session) < 0)
                log_error("session %s is not revoked: out of memory", session->row.sid);
}

void login_session_end(struct login_session *session, const char *why) {
        int r;

        stop(session, why);
        r = commit_ask(session->authority, &session->commit, end_write, end_done, session);
        if (r < 0)
                end_done(session, r);
}

static void process_gone(void *context, uint32_t events) {
        (void)events;
        login_session_end(context, "the process that opened it is gone");
}

/* ---- the beginning ---- */

int login_session_add(struct authority *authority, const struct login_row *row, int process,
                      struct login_session **ret) {
        _cleanup_(closep) int held = process;
        struct login_session *session = calloc(1, sizeof *session);
        int r;

        if (!session)
                return -ENOMEM;
        session->authority = authority;
        session->row = *row;
        session->process = -1;
        r = loop_watch(authority->loop, &session->watch, held, EPOLLIN, process_gone, session);
        if (r < 0) {
                free(session);
                return r;
        }
        session->process = take_fd(&held);
        session->next = authority->logins.first;
        authority->logins.first = session;
        *ret = session;
        return 0;
}

/* Revoked in this very commit it has no row: that would bring it back after a crash. */
static int row_write(void *context, struct transaction *transaction) {
        const struct login_session *session = context;

        if (session->is_doomed)
                return 0;
        return logins_add(transaction, &session->row);
}

static void row_written(void *context, int r) {
        const struct login_session *session = context;

        if (r < 0)
                log_warning("session %s will not outlive a restart: %s", session->row.sid,
                            strerror(-r));
}

/* What cannot be kept over a restart ends with it; nobody waits for that. */
static void keep(struct login_session *session) {
        struct authority *authority = session->authority;
        int r;

        memcpy(session->row.boot, authority->logins.boot, sizeof session->row.boot);
        if (peer_process_identity(session->process, &session->row.process) < 0)
                return;
        r = commit_ask(authority, &session->commit, row_write, row_written, session);
        if (r < 0)
                row_written(session, r);
}

int login_session_open(struct authority *authority, const struct login_row *row, int process,
                       const struct msg_signed *token) {
        struct login_session *session;
        int r;

        r = login_session_add(authority, row, process, &session);
        if (r < 0)
                return r;
        keep(session);
        r = login_session_put(session, token);
        if (r < 0)
                login_session_end(session, "its token could not be written");
        return r;
}
