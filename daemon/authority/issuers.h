/* The issuer process's other end: what an outside token says, and whether it is good. */
#ifndef JETON_AUTHORITY_ISSUERS_H
#define JETON_AUTHORITY_ISSUERS_H

#include "call.h"

/* Takes over the channel to it, new or in place of an old one. 0 or -errno. */
int issuers_join(struct authority *authority, int fd);

/* Asks about a token; the call goes on in `then`, with an answer whose fields have been looked at:
 * its issuer is one of the call's settings. 0 or -errno. */
int issuers_ask(struct call *call, struct text token, call_vouched *then);

#endif
