/* Sessions that can be refreshed: how a login begins one. */
#ifndef JETON_AUTHORITY_GRANT_REFRESH_H
#define JETON_AUTHORITY_GRANT_REFRESH_H

#include "call.h"
#include "refresh.h"

/* Makes the session of a login that has been granted, with its sid, user, client, audience, scope,
 * amr and auth_time filled in, complete for sessions_add(), and its first refresh token. 0 or
 * -errno. */
int session_begin(const struct call *call, struct session *session,
                  char ret[REFRESH_TOKEN_LEN + 1]);

#endif
