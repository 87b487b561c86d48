/* What has become of the lines of a file, as it is told while it is imported and at the end. */
#ifndef JETON_CLI_IMPORT_REPORT_H
#define JETON_CLI_IMPORT_REPORT_H

#include "row.h"

#include <stdbool.h>
#include <stdint.h>

#define REPORT_NAMES_MAX 10 /* of those who exist already, in the text */

struct report {
        bool is_json, is_dry, shows_progress;
        const char *unit; /* what a user is in the file: a "line" or a "row"; borrowed */
        unsigned long imported, exists, left_out, refused, admins;
        unsigned long without_password;
        unsigned long more_lines; /* of CSV records: those that are not the first of one */
        json_t *refusals;         /* with --json; otherwise each is printed at once */
        json_t *names;            /* of those who exist already, the first ones */
        int64_t drawn_ms;         /* when the bar was drawn last; 0: it is not there */
};

/* 0 or -ENOMEM. */
int report_begin(struct report *report, bool is_json, bool is_dry);

void report_imported(struct report *report, const struct row *row);
void report_exists(struct report *report, const struct row *row);
void report_left_out(struct report *report);

/* `reason` is for people, printable. */
void report_refused(struct report *report, const struct row *row, const char *reason);

/* Draws the bar on a terminal, not more often than it can be seen. `size` 0: it is not known how
 * much there is. */
void report_progress(struct report *report, uint64_t offset, uint64_t size);

/* Takes the bar away: something else is to be printed. */
void report_progress_end(struct report *report);

/* All of it. `ignored` are names of columns, or NULL; `is_whole`: the file was read to its end. */
void report_print(struct report *report, const json_t *ignored, bool is_whole);

void report_clear(struct report *report);

#endif
