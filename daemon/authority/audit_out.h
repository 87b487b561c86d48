/* Where audit lines go: to the journal with fields, or to a file, or among the other lines of the
 * log. The descriptors are the parent's gifts; nothing is opened here. */
#ifndef JETON_AUTHORITY_AUDIT_OUT_H
#define JETON_AUTHORITY_AUDIT_OUT_H

#include "audit_line.h"

struct audit_out {
        int journal; /* a datagram socket that is connected to journald, or -1 */
        int file;    /* opened to append, or -1 */
        bool is_failing;
};

/* Writes the line, at a level of syslog(3). What cannot take it is passed over, and the log, which
 * is always there, has it. Never waits. */
void audit_out_write(struct audit_out *out, int level, const struct audit_line *line);

#endif
