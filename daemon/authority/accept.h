/* Accepting: who calls is asked of the kernel, charged, and settles the frontend, before any byte
 * is read. */
#ifndef JETON_AUTHORITY_ACCEPT_H
#define JETON_AUTHORITY_ACCEPT_H

#include "authority.h"

/* Begins to accept on the listening sockets the parent handed over. 0 or -errno. */
int accept_start(struct authority *authority);

/* Accepts no more, for good: the process is draining. */
void accept_stop(struct authority *authority);

#endif
