/* The rows of an import: several users in one message, each with the same fields. What message.c is
 * for a frame, this is for the text within it. */
#ifndef JETON_PRIVSEP_IMPORT_ROW_H
#define JETON_PRIVSEP_IMPORT_ROW_H

#include "message.h"

#include <stdbool.h>

/* So many in one call: the others that the authority serves do not wait for more. */
#define IMPORT_ROWS_MAX 64

/* Texts are borrowed. Times are clock_wall_s(), 0 where there is none. */
struct import_row {
        struct text username, password_hash, full_name, email;
        struct text roles; /* space-separated */
        bool disabled, must_change;
        int64_t created_at, password_changed_at, expires_at;
};

/* Rows one behind the other, as a message carries them. Zeroed at the beginning, to be wiped at the
 * end: hashes are in it. */
struct import_rows {
        size_t len, count;
        char bytes[IMPORT_ROWS_SIZE];
};

/* Adds a row. 0; -ENOBUFS: it is full; -EMSGSIZE: a value is beyond its bound. */
int import_rows_add(struct import_rows *rows, const struct import_row *row);

/* Cuts the next row off, whose texts are lent by `rest`. 0; -ENOENT: none is left; -EPROTO: that is
 * no row. */
int import_row_next(struct text *rest, struct import_row *ret);

/* Whether that is rows from end to end, and no more than one call takes. */
bool import_rows_are_whole(struct text rows);

#endif
