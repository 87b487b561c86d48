/* What each child is sent: its settings and its descriptors. */
#ifndef JETON_PARENT_SETUP_H
#define JETON_PARENT_SETUP_H

#include "parent.h"

/* All of it, and GO. Opens the child's channel to the authority, which is given its end now or,
 * when it does not run yet, in its own set-up. 0 or -errno. */
int setup_send(struct child *child);

/* The settings alone, and GO with reload set; nothing to a child that has none. 0 or -errno. */
int setup_send_again(struct child *child);

/* Sends what the child's control socket did not take at once; waits for it. 0 or -errno. */
int setup_flush(struct child *child);

#endif
