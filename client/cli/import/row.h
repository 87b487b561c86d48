/* One user of a file that is imported, or why he is none. */
#ifndef JETON_CLI_IMPORT_ROW_H
#define JETON_CLI_IMPORT_ROW_H

#include "../../../common/text.h"

#include <jansson.h>

#define ROW_REASON_MAX 192

enum row_kind {
        ROW_USER = 0,
        ROW_LEFT_OUT, /* nobody who logs in with a password: no mistake */
        ROW_REFUSED,
};

struct row {
        unsigned long line; /* where it begins in the file, from 1 */
        enum row_kind kind;
        const json_t *role_names; /* what a role of the file is called here; an object, borrowed */
        json_t *user;             /* as POST /import/users takes it; owned. What is known of it */
        char reason[ROW_REASON_MAX]; /* of one that is refused: printable, whatever is in the file
                                      */
};

/* Begins a row. 0 or -ENOMEM. */
int row_begin(struct row *row, unsigned long line);

/* Says why it is refused, with nothing of the file in it. The first reason stays. */
void row_refuse(struct row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name, as far as it is known; empty otherwise. Lent by the row. */
struct text row_name(const struct row *row);

/* He has no password, whatever the file says. */
void row_forget_password(struct row *row);

/* Wipes the hash and lets go of all of it. A zeroed row is fine. */
void row_clear(struct row *row);

#endif
