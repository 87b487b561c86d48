/* What this host's kernel can tell about a peer. */
#ifndef JETON_PARENT_KERNEL_H
#define JETON_PARENT_KERNEL_H

#include <stdbool.h>

/* SO_PEERPIDFD: which process is at the other end of a socket (Linux 6.5). */
bool kernel_tells_peers(void);

/* Whether processes are in cgroups of version 2, which is where systemd's units are found. */
bool kernel_has_cgroups(void);

#endif
