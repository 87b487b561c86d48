/* How users stand in a file. One line, or with CSV one record, is one user. */
#ifndef JETON_CLI_IMPORT_FORMAT_H
#define JETON_CLI_IMPORT_FORMAT_H

#include "row.h"

/* What was ignored, and what else a format keeps from row to row. */
struct table {
        json_t *ignored;    /* names of columns that say nothing here; an object, for its order */
        json_t *header;     /* CSV: an array of the columns' names */
        json_t *full_names; /* shadow: by user name; NULL: none are known */
};

/* Reads one user. `line` is borrowed. The row is begun; it may be refused or left out. 0 or
 * -ENOMEM. */
int shadow_read(struct text line, const struct table *table, struct row *row);
int csv_read(struct text record, struct table *table, struct row *row);
int json_line_read(struct text line, struct table *table, struct row *row);

/* The columns of a CSV file, from its first record. 0; -EINVAL: none of them is a user name;
 * -EBADMSG: it is no CSV; -ENOMEM. */
int csv_read_header(struct text record, struct table *table);

/* Whether a quote is open at the end, so that the record goes on in the next line. */
bool csv_is_open(struct text record);

/* The full name of one line of passwd(5), for shadow_read(). A line that is none is left out. 0 or
 * -ENOMEM. */
int passwd_read(struct text line, struct table *table);

/* Notes a column that is not known. 0 or -ENOMEM. */
int table_ignore(struct table *table, struct text column);

void table_clear(struct table *table);

#endif
