/* The status page: what verifiers and the PAM module must know without asking. */
#ifndef JETON_AUTHORITY_STATUS_H
#define JETON_AUTHORITY_STATUS_H

#include "authority.h"

/* Writes the page anew from what is committed. Called after the commit and before the reply, and
 * once before the sockets accept. 0 or -errno: then the revocations are on it all the same. */
int status_publish(struct authority *authority);

/* A frontend asks of a token: counted where that is because the page is too small, and told in the
 * log when it no longer is. */
void status_note_question(struct authority *authority);

#endif
