/* What a process is called, for logs: read from proc(5) while it lives. The pid may be another's by
 * now, and a process names itself as it likes: nothing is decided by this. */
#ifndef JETON_NAMES_CALLER_H
#define JETON_NAMES_CALLER_H

#include "../../common/text.h"
#include "../privsep/message.h"

#include <stdint.h>

struct caller {
        char comm[COMM_MAX + 1];
        char unit[UNIT_MAX + 1]; /* of systemd; empty: none */
};

/* What cannot be read stays empty. */
void caller_describe(uint32_t pid, struct caller *ret);

/* The innermost unit in the text of /proc/PID/cgroup (cgroups(7), version 2), or none. */
struct text caller_unit(struct text cgroup);

#endif
