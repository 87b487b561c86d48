/* Sessions of system logins (PAM's session phase): each has a token in a file, fresh while it
 * lives, and is over when it is closed, when the process that opened it is gone, or when its token
 * is revoked by anything at all. */
#ifndef JETON_AUTHORITY_LOGIN_SESSION_H
#define JETON_AUTHORITY_LOGIN_SESSION_H

#include "../privsep/channel.h"
#include "../privsep/loop.h"
#include "commit.h"
#include "refusal.h"
#include "retries.h"
#include "settings.h"
#include "store/logins.h"

struct authority;
struct revocation;
struct revoked;
struct user;

/* Of one uid, of LOGIN_SESSIONS_MAX in all: those that live, and those whose revoked token has not
 * expired yet, for each of these is an entry of the status page. */
#define LOGIN_SESSIONS_PER_UID 256

struct login_session {
        struct authority *authority; /* borrowed: it holds us */
        struct login_session *next;
        struct login_row row;
        char jti[JTI_LEN + 1]; /* of the token in the file */
        int64_t issued_at;     /* of that token, at the latest; 0: there is none yet */
        int64_t life_ms;       /* how long it is left in the file: half of its life */
        int64_t renew_at_ms;   /* the end of that, by the wall clock */
        uint64_t asked;        /* the signer's question for the next one; 0: none */
        int process;           /* pidfd of the one that opened it */
        struct watch watch;
        struct timer timer;     /* the next renewal; when it is over, its end as an entry */
        struct commit commit;   /* of its row; when it is over, of the end */
        struct retries retries; /* of the renewal; when it is over, of the end */
        const char *why;        /* it is over; NULL: it lives */
        bool is_doomed;         /* by a revocation that is not committed yet */
        bool is_revoked;        /* by somebody else: nothing is left to revoke, its end is due */
};

struct login_sessions {
        struct login_session *first;
        uint32_t serial;
        struct timer review;
        bool any_doomed;
        bool is_review_whole; /* entries were collapsed: every token is looked at */
        char boot[BOOT_ID_LEN + 1];
};

/* Before the process is confined: goes on with the sessions whose process still runs, ends the
 * others, and removes what else is in the folder. 0 or -errno. */
int login_sessions_start(struct authority *authority);
void login_sessions_clear(struct authority *authority);

/* Whether that uid may have one more. */
bool login_sessions_has_room(const struct authority *authority, uint32_t uid);

/* NULL when no such session lives. */
struct login_session *login_session_find(const struct authority *authority, struct text sid);

/* A session without a token yet. Takes over `process`. 0 or -errno. */
int login_session_add(struct authority *authority, const struct login_row *row, int process,
                      struct login_session **ret);

/* Begins a session with its first token in the file. Takes over `process`. 0 or -errno: then there
 * is none. */
int login_session_open(struct authority *authority, const struct login_row *row, int process,
                       const struct msg_signed *token);

/* It is over, and has no new token. Its file goes when the end is committed, for which is tried
 * until it is. `why`, a literal, is for the log. */
void login_session_end(struct login_session *session, const char *why);

/* The part of somebody's commit that ends it, and what follows: for who waits for the end. */
int login_session_write_end(struct login_session *session, struct transaction *transaction);
void login_session_ended(struct login_session *session, const char *why);

/* ---- login_revoked.c: what others revoke ---- */

/* All that its user has was revoked, and this session goes on: the next revocation ends it. 0 or
 * -errno. */
int login_session_note_kept(struct login_session *session);

/* A session whose tokens until now are revoked goes on, with a new one, unless the same commit has
 * revoked it otherwise too. No such session is fine. */
void login_session_keep(struct authority *authority, struct text sid);

/* The part of a revocation's commit that ends these sessions: that which it names or whose token it
 * names, and those of a user, of the client or of all that began before its time, but for the one
 * that it keeps. A row that stays would bring the session back after a crash; a token that is newer
 * than what the revocation covers is revoked with it. 0 or -errno. */
int login_sessions_write_revoked(struct authority *authority, struct transaction *transaction,
                                 const struct revoked *revoked,
                                 const struct revocation *revocation);

/* That is committed: they are over. And so are those whose token was revoked because there were too
 * many entries, when `is_review_whole`. */
void login_sessions_follow(struct authority *authority);

/* It is not: they go on. */
void login_sessions_spare(struct authority *authority);

/* ---- login_token.c: what the tokens say, and their renewal ---- */

/* Texts are lent: by the row, the user, the settings, and `sub` and `scope` here. */
struct login_token {
        char sub[24];
        char scope[SCOPE_MAX + 1];
        struct msg_sign_access fields;
};

/* The token that this session may have now. REFUSAL_NONE or why none. */
enum refusal login_token_compose(const struct settings *settings, const struct login_row *row,
                                 const struct user *user, struct login_token *ret);

/* Puts a token into the session's file and sets the time of the next. 0 or -errno. */
int login_session_put(struct login_session *session, const struct msg_signed *token);

/* Asks for the next token, or ends the session when it may have none. */
void login_session_renew(void *session);

/* The signer's answer to a question of login_session_renew(). 0 or -EPROTO. */
int login_sessions_take_signed(struct authority *authority, const struct frame *frame);

#endif
