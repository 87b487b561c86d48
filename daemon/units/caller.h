/* What a process is called and which unit of systemd it is in, as proc(5) says of a pid. Whether
 * that pid is still the one that was meant is for whoever asks to find out, afterwards. */
#ifndef JETON_UNITS_CALLER_H
#define JETON_UNITS_CALLER_H

#include "../../common/name.h"
#include "../../common/text.h"

#include <stdint.h>

#define COMM_SIZE 16 /* TASK_COMM_LEN of the kernel */

/* Whether /proc tells of other processes, by the numbers that they have for us. */
bool caller_can_be_seen(void);

/* A process names itself as it likes. What cannot be read stays empty. */
void caller_comm(uint32_t pid, char ret[COMM_SIZE]);

/* The unit of the system's own systemd. Empty: it is in none, or that cannot be read. */
void caller_unit(uint32_t pid, char ret[UNIT_MAX + 1]);

/* The same in the text of /proc/PID/cgroup (cgroups(7), version 2), lent. */
struct text caller_unit_of(struct text cgroup);

#endif
