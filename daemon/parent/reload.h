/* SIGHUP: the configuration is read anew. */
#ifndef JETON_PARENT_RELOAD_H
#define JETON_PARENT_RELOAD_H

#include "parent.h"

/* All of the new settings, or none of them. What only a restart can change is named in the log. */
void reload(struct parent *parent);

#endif
