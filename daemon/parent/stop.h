/* The way out: what is in flight is finished, within a bound. */
#ifndef JETON_PARENT_STOP_H
#define JETON_PARENT_STOP_H

#include "parent.h"

/* The first call asks the children to finish; the second ends them at once. */
void stop(struct parent *parent);

/* A child has ended during the stop, and is forgotten already. */
void stop_child_ended(struct parent *parent, const struct child *child);

#endif
