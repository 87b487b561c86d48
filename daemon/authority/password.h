/* Is this the user's password? The worker computes, we compare. */
#ifndef JETON_AUTHORITY_PASSWORD_H
#define JETON_AUTHORITY_PASSWORD_H

#include "call.h"

/* Judges `password` for call->user (NULL: against a decoy of the same cost), unless the pair that
 * `key` names has to wait. Every login comes through here. 0 or -errno. */
int password_ask(struct call *call, const struct throttle_key *key, struct text password,
                 call_judged *then);

#define PASSWORD_REASON_MAX 64

/* "reason=..." for the audit line of a verdict that is not PASSWORD_RIGHT. */
void password_reason(const struct call *call, enum password_verdict verdict,
                     char ret[PASSWORD_REASON_MAX]);

#endif
