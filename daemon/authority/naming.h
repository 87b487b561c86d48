/* The names process's other end: whether a local account has that name. Its word keeps people from
 * confusing two accounts; no right depends on it. */
#ifndef JETON_AUTHORITY_NAMING_H
#define JETON_AUTHORITY_NAMING_H

#include "call.h"

/* Takes over the channel to names, new or in place of an old one. 0 or -errno. */
int naming_join(struct authority *authority, int fd);

/* Asks whether NSS knows an account of that name; the call goes on in `then`. 0 or -errno. */
int naming_ask_account(struct call *call, struct text name, call_account *then);

#endif
