/* An outdated hash is replaced at the next good login, when its password is at hand. */
#ifndef JETON_AUTHORITY_RENEWAL_H
#define JETON_AUTHORITY_RENEWAL_H

#include "call.h"

/* The call has proven the password of call->user. Where his hash is outdated a new one is computed,
 * by two workers, and stored, unless the old one has been replaced meanwhile. Nobody waits for it:
 * without idle workers it is left for another login. */
void renewal_begin(const struct call *call);

#endif
