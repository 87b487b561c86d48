/* Which members there are, in the order in which they are written. claims_write.c and
 * claims_read.c say how. */
#include "member.h"

#include <stddef.h>

#define MEMBER(name, kind) \
        { #name, kind, offsetof(struct claims, name), sizeof(((struct claims *)NULL)->name) }

const struct member claim_members[MEMBER_COUNT] = {
        MEMBER(iss, MEMBER_STRING),      MEMBER(sub, MEMBER_STRING),
        MEMBER(aud, MEMBER_AUDIENCE),    MEMBER(exp, MEMBER_TIME),
        MEMBER(iat, MEMBER_TIME),        MEMBER(jti, MEMBER_STRING),
        MEMBER(sid, MEMBER_STRING),      MEMBER(client_id, MEMBER_STRING),
        MEMBER(scope, MEMBER_STRING),    MEMBER(roles, MEMBER_WORDS),
        MEMBER(username, MEMBER_STRING), MEMBER(uid, MEMBER_UID),
        MEMBER(auth_time, MEMBER_TIME),  MEMBER(amr, MEMBER_WORDS),
        MEMBER(nonce, MEMBER_STRING),    MEMBER(service, MEMBER_STRING),
        MEMBER(phase, MEMBER_STRING),    MEMBER(verdict, MEMBER_STRING),
        MEMBER(at_least, MEMBER_TIME),
};
