/* The seccomp programs of the children. Compiled here, so that no child links the compiler. */
#ifndef JETON_PARENT_FILTER_H
#define JETON_PARENT_FILTER_H

#include "../privsep/message.h"

/* A sealed memfd with the program of that process, or -1 in a build with sanitizers, which need all
 * calls, and for a process that has none. 0 or -errno. */
int filter_compile(enum process process, int *ret_fd);

#endif
