/* The hash of a new password: the one way to set one, whoever sets it. It is judged first, by the
 * rules of user_rules.c and then by both workers, and a worker that lies about the hash would plant
 * a password of its own: therefore two compute it, and nothing is stored unless they agree. */
#ifndef JETON_AUTHORITY_NEW_HASH_H
#define JETON_AUTHORITY_NEW_HASH_H

#include "call.h"

/* Judges call->password as that of the user `username`, who had call->new_hash.old_password (NULL:
 * nobody knows), and hashes it under a new setting; the call goes on in `then` when two workers
 * agree on call->hash, and in `unfit` when one of them or we have a complaint. -EIO, there or here:
 * they do not agree. 0 or -errno. */
int new_hash_ask(struct call *call, struct text username, call_step *then, call_unfit *unfit);

/* An `unfit` that refuses the call, and says why. */
int new_hash_refuse(struct call *call, enum complaint complaint, uint32_t at_least);

#endif
