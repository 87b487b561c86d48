/* The daemon's own folders, as root sees them (or the caller whose daemon it is), and its programs
 * that read them. Beside the socket: no process that serves callers is asked. */
#ifndef JETON_CLI_STATE_H
#define JETON_CLI_STATE_H

#include "../place.h"

#include <stdbool.h>

/* Whether that is the host's own daemon, and not one with --state. */
bool state_is_host(const struct place *place);

/* Where it keeps its database and keys, to be freed: beside the run directory of a daemon with
 * --state. 0 or -ENOMEM. */
int state_dir(const struct place *place, char **ret);

/* Opens a folder in there. 0; -errno, logged: -EACCES says that this needs root. */
int state_open(const struct place *place, const char *folder, int *ret_fd);

/* A program of the daemon, started with one word and a descriptor that the word is about. */
struct state_task {
        const char *program; /* "jetond-authority" */
        const char *word;
        int about;  /* becomes descriptor 3 */
        int output; /* becomes its standard output; -1: none */
};

/* Runs it to its end under the uid that owns the folder `owner` (-1: ours); it says itself what
 * went wrong. 0; -ECANCELED when it did not succeed; other -errno, logged. */
int state_run(const struct state_task *task, int owner);

/* The same, and passes on to `to` what it prints (`output` is not looked at). A process of that uid
 * may outlive the program and keep what it was given: so it never has `to` itself. -errno, not
 * logged: that could not be written. */
int state_run_to(const struct state_task *task, int owner, int to);

/* To the host's log, and before anything is given to the caller. */
void state_audit(const char *event, const char *detail);

#endif
