/* The parent's other end: set-up, descriptors, reloads and the end. */
#ifndef JETON_AUTHORITY_CONTROL_H
#define JETON_AUTHORITY_CONTROL_H

#include "authority.h"

/* Takes one set-up message (a child_setup function; `context` is the authority). */
int control_take_setup(void *context, struct frame *frame);

/* Listens to the parent from now on. 0 or -errno. */
int control_start(struct authority *authority);

#endif
