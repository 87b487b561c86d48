/* What is said about outside issuers, and to whom. */
#ifndef JETON_PARENT_OUTSIDE_TELL_H
#define JETON_PARENT_OUTSIDE_TELL_H

#include "parent.h"

/* To the process that verifies their tokens: all, and the folders of their keys. Where a folder
 * cannot be opened that is logged, and the folder is not sent. 0 or -errno. */
int outside_tell(struct child *child);

/* To the authority, which decides about accounts: their addresses. 0 or -errno. */
int outside_tell_authority(struct child *authority);

#endif
