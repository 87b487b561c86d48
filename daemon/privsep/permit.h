/* Who may say what to whom, in which phase of a channel: one table, read before a frame's body is
 * touched. */
#ifndef JETON_PRIVSEP_PERMIT_H
#define JETON_PRIVSEP_PERMIT_H

#include "message.h"

#include <stdbool.h>

/* A channel's phase. Set-up ends when the receiver has had MSG_GO or, towards the parent, has said
 * MSG_READY. */
enum phase {
        PHASE_SETUP = 1 << 0,
        PHASE_RUNNING = 1 << 1,
};

struct permit {
        enum message_type type;
        enum process from, to;
        unsigned phases;      /* of the receiving end */
        bool with_descriptor; /* exactly one; any other message must carry none */
};

/* The row that permits it, or NULL. */
const struct permit *permit_find(enum message_type type, enum process from, enum process to,
                                 enum phase phase);

/* The rows, for the tests and for the table in daemon/README.md. */
const struct permit *permit_rows(size_t *ret_count);

const char *process_name(enum process process);

#endif
