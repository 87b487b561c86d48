/* The children: which program, under whose uid, how many, started how. */
#ifndef JETON_PARENT_CHILDREN_H
#define JETON_PARENT_CHILDREN_H

#include "parent.h"

/* How long a child may take from its start to MSG_READY. */
#define READY_MS 10000

struct program {
        enum process process;
        const char *name; /* of the file, and argv[0] */
        enum account account;
        uint32_t (*instances)(const struct settings *settings);
        bool is_vital; /* when it dies all others lose their meaning, and are started anew */
        bool holds_connections;
        bool holds_processes; /* those at the other end of connections, those of sessions */
        bool locks_memory;
        bool is_on_demand; /* started when the authority asks for it, for one question */
};

/* Makes the places for all children, in the order of their start. 0 or -ENOMEM. */
int children_new(struct parent *parent);
void children_free(struct parent *parent);

/* Whether all their programs are there. 0 or -errno, logged. */
int children_check(const struct parent *parent);

/* Starts one and sends it all it needs, up to GO; it says READY when it can. A running authority is
 * given the channel to it. 0 or -errno, logged. */
int child_start(struct child *child);

/* Waits until it says READY. 0 or -errno, logged. */
int child_wait_ready(struct child *child);

/* Whether it runs as long as the others do: not one that is started on demand, or for an outside
 * issuer where there is none. */
bool child_is_wanted(const struct child *child);

/* Starts all that are wanted and waits until all are ready. On failure some of them run. 0 or
 * -errno, logged. */
int children_start(struct parent *parent);

/* SIGKILL, and the wait for the end. */
void children_kill(struct parent *parent);

/* Forgets a process that has ended, or is to end on the EOF that this gives it. */
void child_forget(struct child *child);

/* NULL when there is none. */
struct child *child_find(struct parent *parent, enum process process, uint32_t instance);
struct child *child_with_pid(struct parent *parent, pid_t pid);

#define CHILD_TEXT_MAX 96

struct child_text {
        char text[CHILD_TEXT_MAX];
};

/* "jetond-worker 2 (pid 4711)" and "exit status 1", for logs. */
struct child_text child_title(const struct child *child);
struct child_text child_end_text(int status);

#endif
