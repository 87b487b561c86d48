/* Is this the user's password? The worker computes, we compare. */
#ifndef JETON_AUTHORITY_PASSWORD_H
#define JETON_AUTHORITY_PASSWORD_H

#include "call.h"

/* Judges `password` for call->user (NULL: against a decoy of the same cost), unless the pair that
 * `key` names has to wait. 0 or -errno. */
int password_ask(struct call *call, const struct throttle_key *key, struct text password,
                 call_judged *then);

/* The same, but `replacement` is asked first, past the gate, with the user as he is by then: what
 * was given in the password's place may be good by itself, and no worker sees it then. */
int password_ask_unless(struct call *call, const struct throttle_key *key, struct text password,
                        call_proof *replacement, call_judged *then);

/* The same past the gate, of call->password, in the database alone: one of several places. */
int password_match(struct call *call, call_matched *then);

/* The call goes on with that verdict, and without the password, unless its hash is outdated: then
 * renewal_begin() needs it. 0 or -errno. */
int password_judged(struct call *call, enum password_verdict verdict);

#define PASSWORD_REASON_MAX 160

/* "reason=..." for the audit line of a verdict that is not PASSWORD_RIGHT. */
void password_reason(const struct call *call, enum password_verdict verdict,
                     char ret[PASSWORD_REASON_MAX]);

#endif
