/* Ending sessions, and revoking what was issued: in the database, on the status page and in memory,
 * in that order. Each function below has committed and published when it returns 0. */
#ifndef JETON_AUTHORITY_SESSIONS_H
#define JETON_AUTHORITY_SESSIONS_H

#include "call.h"
#include "../../common/jwt/claims.h"

/* Everything that this user was issued until `now` (clock_wall_s()): his sessions with their
 * refresh tokens, and all his access tokens. For a user who is disabled or deleted, or whose
 * password has changed. 0 or -errno. */
int sessions_end_user(struct authority *authority, uint64_t user_id, int64_t now);

/* Every token of one session; whose it is, is in `sub`, empty when nobody knows. */
int sessions_end(struct authority *authority, struct text sid, struct text sub, int64_t now);

/* One access token, which expires at `exp`; 0: nobody knows when. */
int sessions_revoke_token(struct authority *authority, struct text jti, struct text sub,
                          int64_t exp, int64_t now);

/* Whatever was issued before `before` to a user, to a client, to everybody. */
int sessions_revoke_user(struct authority *authority, uint64_t user_id, int64_t before);
int sessions_revoke_client(struct authority *authority, struct text client_id, int64_t before);
int sessions_revoke_all(struct authority *authority, int64_t before);

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

/* Whether tokens of this subject or session were revoked while the call, which began at `since`,
 * was on its way: what it was to be given must not outlive the revocation. 0 or -errno. */
int sessions_were_ended(const struct call *call, struct text sub, struct text sid, int64_t since,
                        bool *ret);

/* Loads the revocations and publishes them; begins to remove what is over. Before the sockets
 * accept. 0 or -errno. */
int sessions_start(struct authority *authority);

/* New settings are in force: tokens may live for another time. */
int sessions_take_settings(struct authority *authority);

#endif
