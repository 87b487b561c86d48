/* Is this the user's password? The worker computes, we compare. */
#ifndef JETON_AUTHORITY_PASSWORD_H
#define JETON_AUTHORITY_PASSWORD_H

#include "call.h"

/* Asks for the hash of `password` for call->user (NULL: a decoy of the same cost); the call goes on
 * in `then` with what the worker computed. 0 or -errno. */
int password_ask(struct call *call, struct text password, call_hashed *then);

/* Whether `computed` proves the user's password. False for no user, a disabled or
 * expired one, one without a password, an empty password, and a wrong one: the caller is not told
 * which. */
bool password_holds(const struct call *call, struct text computed);

#endif
