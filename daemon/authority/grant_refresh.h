/* Sessions that can be refreshed: how a login begins one. */
#ifndef JETON_AUTHORITY_GRANT_REFRESH_H
#define JETON_AUTHORITY_GRANT_REFRESH_H

#include "call.h"
#include "refresh.h"

/* Stores the session of a login that has been granted, with its sid, user, client, audience, scope,
 * amr and auth_time filled in, and gives its first refresh token. When the configuration wants
 * none, or nothing can be stored just now, there is none: "". The access token is good either way.
 */
void session_open(struct call *call, struct session *session, char ret[REFRESH_TOKEN_LEN + 1]);

#endif
