/* The signer's other end: questions in, tokens out. */
#ifndef JETON_AUTHORITY_SIGNING_H
#define JETON_AUTHORITY_SIGNING_H

#include "call.h"

/* Takes over the channel to the signer. 0 or -errno. */
int signing_join(struct authority *authority, int fd);

/* Ask for a token; the call goes on in `then`. 0 or -errno. */
int sign_ask_access(struct call *call, const struct msg_sign_access *fields, call_signed *then);
int sign_ask_ticket(struct call *call, const struct msg_sign_ticket *fields, call_signed *then);

#endif
