/* Ending sessions, and revoking what was issued: in the database, in memory and on the status page,
 * in that order. */
#ifndef JETON_AUTHORITY_SESSIONS_H
#define JETON_AUTHORITY_SESSIONS_H

#include "call.h"
#include "../../common/jwt/claims.h"

/* What is to end. */
struct revoked {
        enum revocation_kind kind;
        char claim[CLIENT_MAX + 1]; /* the jti, sid, sub or client_id */
        char sub[SUB_MAX + 1];      /* whose token or session it is; "": nobody knows */
        uint64_t user_id;           /* REVOKED_SUBJECT: the user whose sessions end */
        int64_t before;             /* what was issued before that; 0: until now */
        char kept_sid[SID_LEN + 1]; /* REVOKED_SUBJECT: of his sessions that one goes on, with new
                                     * tokens alone; "": none does */
        int64_t expires_at;         /* REVOKED_TOKEN: its exp; 0: nobody knows */
};

/* Everything that this user was issued before `before`: his sessions with their refresh tokens, and
 * all his access tokens. */
struct revoked revoked_user(uint64_t user_id, int64_t before);

/* Every token of one session. */
struct revoked revoked_session(const char *sid, const char *sub);

/* Writes a revocation, as the last step of a change: it is in memory and on the page when that is
 * committed. 0 or -errno. */
int sessions_revoke(struct authority *authority, struct transaction *transaction,
                    const struct revoked *revoked);

/* The same, and no system login's session ends with it: for who ends that himself. 0 or -errno. */
int sessions_revoke_tokens(struct authority *authority, struct transaction *transaction,
                           const struct revoked *revoked);

/* Whose a token is; a text may be empty. */
struct holder {
        struct text sub, sid, client_id;
};

/* Whether tokens of this subject, session or client were revoked while the call, which began at
 * `since`, was on its way, in the commit that is being written too: what it was to be given must
 * not outlive the revocation. 0 or -errno. */
int sessions_were_ended(const struct call *call, const struct holder *holder, int64_t since,
                        bool *ret);

/* Whether a token with these claims is revoked by now, in the commit that is being written too. 0
 * or -errno. */
int sessions_token_ended(const struct authority *authority, const struct claims *claims, bool *ret);

/* A commit is done: brings the memory after it, then the status page. 0 or -errno: they stay as
 * they were, and the next commit tries again. */
int sessions_follow(struct authority *authority);

/* A commit has failed: forgets what it would have revoked. */
void sessions_drop(struct authority *authority);

/* Loads the revocations and publishes them; begins to remove what is over. Before the sockets
 * accept. 0 or -errno. */
int sessions_start(struct authority *authority);

/* New settings are in force: tokens may live for another time. */
int sessions_take_settings(struct authority *authority);

/* ---- births.c ---- */

/* How far ahead of its time a token may be dated, as the signer has it too. More is asked for when
 * the clock was set back, or one subject is revoked several times in a second. */
#define BIRTH_AHEAD_S 2

/* A token with this iat was signed. */
void sessions_note_birth(struct authority *authority, int64_t iat);

/* The `before` that covers everything issued until now. Times are whole seconds: it is the next
 * one, or the one after the latest iat that a token was given: ahead of its time, or before the
 * clock was set back, by an hour at most (whom a token is refused for so long would be locked out;
 * verifiers take none that is of the future). */
int64_t sessions_until_now(const struct authority *authority);

/* The lowest iat that a token with these claims may have, so as not to be revoked at its birth: a
 * second after a revocation of this very second; otherwise 0. 0 or -errno. */
int sessions_birth(struct authority *authority, const struct claims *claims, int64_t *ret_iat_min);

/* What was given before this start is part of "until now". 0 or -errno. */
int sessions_remember_births(struct authority *authority);

#endif
