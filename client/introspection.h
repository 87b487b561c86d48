/* What the daemon answers about a token (RFC 7662 2.2). Pure: JSON in, a struct out. */
#ifndef JETON_CLIENT_INTROSPECTION_H
#define JETON_CLIENT_INTROSPECTION_H

#include "../common/jwt/claims.h"

#include <jansson.h>

/* 0, with the claims when the token is active, otherwise with *ret_claims as it was; -EBADMSG: it
 * is no such answer, and *ret_claims may be half written. Members that are not known are left
 * aside. */
int introspection_read(const json_t *answer, bool *ret_active, struct claims *ret_claims);

#endif
