/* The parent's own life: the children run, and it waits for one of them to end, or for a signal. */
#ifndef JETON_PARENT_SUPERVISE_H
#define JETON_PARENT_SUPERVISE_H

#include "parent.h"

/* Blocks the signals that supervise_run() takes, before the first child is started. 0 or -errno. */
int supervise_init(struct parent *parent);

/* Until all children have ended after SIGTERM or SIGINT. 0 or -errno. */
int supervise_run(struct parent *parent);

/* Hears a child that was started later than the others. 0 or -errno. */
int child_watch(struct child *child);

/* Starts what the settings have come to want. */
void children_start_wanted(struct parent *parent);

void supervise_clear(struct parent *parent);

#endif
