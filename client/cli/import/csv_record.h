/* CSV records out of lines: most are one line each, and one with a quote that is open at its end
 * goes on in the next. A quote that nobody closes must not take the users below it along. */
#ifndef JETON_CLI_IMPORT_CSV_RECORD_H
#define JETON_CLI_IMPORT_CSV_RECORD_H

#include "format.h"
#include "lines.h"

#define RECORD_LINES_MAX 16
#define RECORD_BYTES_MAX LINES_AT_A_TIME

struct csv_record {
        char *bytes; /* of several lines; owned */
        size_t len;
        unsigned long more; /* lines, all in all, that belong to a record that began above them */
};

/* The user whose record begins with `line`, which `lines` has just handed out, and goes on in the
 * following ones where it must. When those make no user with it, `line` alone is refused, and they
 * are read again, each for itself. 0; -ENOMEM; -errno of read(2). */
int csv_record_read(struct csv_record *record, struct lines *lines, struct text line,
                    struct table *table, struct row *row);

/* Wipes it. */
void csv_record_clear(struct csv_record *record);

#endif
