/* One question to a program of ours, which prints its answer and ends. */
#ifndef JETON_PARENT_ASK_H
#define JETON_PARENT_ASK_H

#include "spawn.h"

/* What it printed, of `size` bytes at most, and its exit status as waitpid(2) has it. 0;
 * -ETIMEDOUT; other -errno. */
int program_ask(const struct spawn *spawn, int within_ms, char *ret, size_t size, int *ret_status);

#endif
