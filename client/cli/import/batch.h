/* Rows on their way to jetond, as many at a time as it answers in one go: fewer where it has no
 * time for all, as with a name service that takes a quarter of a second for each name. */
#ifndef JETON_CLI_IMPORT_BATCH_H
#define JETON_CLI_IMPORT_BATCH_H

#include "../command.h"
#include "report.h"
#include "row.h"

#include <stdbool.h>

#define BATCH_ROWS 64

/* Longer than jetond takes to say that it had no time. */
#define BATCH_TIMEOUT_MS 45000

struct batch {
        struct row rows[BATCH_ROWS]; /* owned; also those that are not sent, for their place */
        size_t count, len;           /* `len`: bytes of the JSON of the others */
        size_t next;                 /* rows[next..] are not answered yet */
        size_t at_a_time;            /* so many in a request; begins as BATCH_ROWS */
        bool is_dry, allow_account_names;
};

/* Takes over a row, of whatever kind, and empties *row. 0; -ENOBUFS: send it first. */
int batch_add(struct batch *batch, struct row *row);

/* Sends the users among them and reports what has become of each row; then it is empty.
 * STATUS_DONE, or another having said why: what was not answered may be stored or not. */
enum status batch_send(struct cli *cli, struct batch *batch, struct report *report);

void batch_clear(struct batch *batch);

#endif
