/* The settings of the daemon that is looked at, by its own reading. */
#ifndef JETON_CLI_DOCTOR_SETTINGS_H
#define JETON_CLI_DOCTOR_SETTINGS_H

#include "../../../common/text.h"
#include "doctor.h"

/* Runs jetond with a task, "-n" or "-T", on them: what it says, to be freed, and its exit status.
 * Below --root it looks at the settings alone. 0 or -errno. */
int settings_ask(const struct doctor *doctor, const char *task, char **ret_output, int *ret_status);

/* The next line without its indent; false: there is none. */
bool settings_line(struct text *rest, struct text *ret);

/* What stands in quotes behind `before`, which ends with the first of them, as it is escaped there;
 * false: the line begins otherwise. */
bool settings_value(struct text line, struct text before, struct text *ret);

/* Calls `look` for each section whose line begins with `before`: with what is in quotes behind it,
 * and the lines of the section. How many there are; -ENODATA, said as a finding: the settings do
 * not tell. */
int settings_sections(struct doctor *doctor, struct text before,
                      void (*look)(struct doctor *doctor, struct text name, struct text *rest));

/* Without its escapes, to be freed; NULL: no memory. */
char *settings_unescape(struct text value);

#endif
