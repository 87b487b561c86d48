/* Starts another program with exactly the rights, descriptors and words it is to have. */
#ifndef JETON_PARENT_SPAWN_H
#define JETON_PARENT_SPAWN_H

#include "identities.h"

#include <sys/resource.h>
#include <sys/types.h>

struct spawn_limit {
        __rlimit_resource_t resource; /* RLIMIT_... */
        rlim_t value;                 /* or the highest that we may give */
};

#define SPAWN_LIMITS 3

struct spawn {
        const char *path;
        const char *name;                /* argv[0] */
        const char *argument;            /* argv[1]; NULL: none */
        const struct identity *identity; /* NULL: ours */
        int control;                     /* becomes descriptor 3; -1: none */
        int output;                      /* becomes standard output; -1: /dev/null */
        struct spawn_limit limits[SPAWN_LIMITS];
        size_t limit_count;
};

/* Makes sure that descriptors 0 to 2 are taken, and that a terminal as standard error can be
 * written to alone; learns what children get as their environment. Once, before anything else is
 * opened. 0 or -errno. */
int spawn_init(void);

/* The level of the children's log, for those started from now on. */
void spawn_set_log_level(int level);

/* 0 and the process's id; -errno. A program that cannot be executed says so on standard error and
 * exits with status 127. */
int spawn_start(const struct spawn *spawn, pid_t *ret);

#endif
