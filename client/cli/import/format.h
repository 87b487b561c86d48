/* How users stand in a file. One line, or with CSV one record, is one user. */
#ifndef JETON_CLI_IMPORT_FORMAT_H
#define JETON_CLI_IMPORT_FORMAT_H

#include "member.h"

/* What was ignored, and what else a format keeps from row to row. */
struct table {
        json_t *ignored;      /* names of columns that say nothing here; an object, for its order */
        json_t *header;       /* CSV: an array of the columns' names */
        json_t *full_names;   /* shadow: by user name; NULL: none are known */
        bool may_lack_hashes; /* users of whom nothing is told of a password are none by mistake */
        bool names_from_email; /* who has no name is called as his address begins */
        bool has_hashes;       /* there was a column or a member for them */
        json_t *role_names;    /* what a role is called here, "" for none; an object, or NULL */
        char complaint[160];   /* of -ENOTUNIQ: which two they are; printable */
};

/* Reads one user. `line` is borrowed. The row is begun; it may be refused or left out. 0; of the
 * first one (JSON) -ENODATA: it says nothing of a hash, and may_lack_hashes is not set, -ENOTUNIQ:
 * two members mean the same; -ENOMEM. */
int shadow_read(struct text line, const struct table *table, struct row *row);
int csv_read(struct text record, struct table *table, struct row *row);
int json_line_read(struct text line, struct table *table, struct row *row);

/* The columns of a CSV file, from its first record. 0; -EINVAL: none of them is a user name;
 * -ENODATA: none is a hash, and may_lack_hashes is not set; -ENOTUNIQ: two mean the same; -EBADMSG:
 * it is no CSV; -ENOMEM. */
int csv_read_header(struct text record, struct table *table);

/* Whether a quote is open at the end, so that the record goes on in the next line. */
bool csv_is_open(struct text record);

/* The full name of one line of passwd(5), for shadow_read(). A line that is none is left out. 0 or
 * -ENOMEM. */
int passwd_read(struct text line, struct table *table);

/* Notes a column, and whether `member` is what it says; NULL: it is not known. 0; -ENOTUNIQ with a
 * complaint: one of `seen` says the same; -ENOMEM. */
int table_note(struct table *table, struct members_seen *seen, const struct member *member,
               const char *column);

void table_clear(struct table *table);

#endif
