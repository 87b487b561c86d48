/* What the signer is willing to say: the authority names typed fields, the claims are put together
 * here. Times, jti and issuer are never the authority's. */
#ifndef JETON_SIGNER_COMPOSE_H
#define JETON_SIGNER_COMPOSE_H

#include "../privsep/message.h"

struct limits {
        char issuer[ISSUER_MAX + 1];
        uint32_t max_lifetime_s; /* of an access token */
};

/* Checks every field again and fills the claims, at the time `now`. 0; -EINVAL when a field breaks
 * its grammar or a limit: *ret_field is then its name, for the log; other -errno from the kernel's
 * random generator. */
int compose_access(const struct limits *limits, const struct msg_sign_access *fields, int64_t now,
                   struct claims *ret, const char **ret_field);
int compose_ticket(const struct limits *limits, const struct msg_sign_ticket *fields, int64_t now,
                   struct claims *ret, const char **ret_field);

#endif
