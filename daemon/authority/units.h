/* The units process's other end: which unit of systemd a peer is in. */
#ifndef JETON_AUTHORITY_UNITS_H
#define JETON_AUTHORITY_UNITS_H

#include "call.h"

/* Takes over the channel to units, new or in place of an old one. 0 or -errno. */
int units_join(struct authority *authority, int fd);

/* Asks for the unit of the call's peer; the call goes on in `then`. 0 or -errno. */
int units_ask(struct call *call, call_unit *then);

#endif
