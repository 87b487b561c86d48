/* The hash of a new password. A worker that lies about one would plant a password of its own:
 * therefore two compute it, and nothing is stored unless they agree. */
#ifndef JETON_AUTHORITY_NEW_HASH_H
#define JETON_AUTHORITY_NEW_HASH_H

#include "call.h"

/* Hashes call->password under a new setting; the call goes on in `then` when two workers agree on
 * call->hash. -EIO, there or here: they do not. 0 or -errno. */
int new_hash_ask(struct call *call, call_step *then);

#endif
