/* The settings of the daemon that is looked at, by its own reading. */
#ifndef JETON_CLI_DOCTOR_SETTINGS_H
#define JETON_CLI_DOCTOR_SETTINGS_H

#include "doctor.h"

/* Runs jetond with a task, "-n" or "-T", on them: what it says, to be freed, and its exit status.
 * Below --root it looks at the settings alone. 0 or -errno. */
int settings_ask(const struct doctor *doctor, const char *task, char **ret_output, int *ret_status);

#endif
