/* One line for each decision: who asked, what, and what came of it. Never a secret; what came from
 * outside is escaped. */
#ifndef JETON_AUTHORITY_AUDIT_H
#define JETON_AUTHORITY_AUDIT_H

#include "call.h"

#define LOG_NAME_MAX 64

/* `user` is what the caller named; `detail` may be NULL and is ours. */
void audit(const struct call *call, const char *event, const char *result, struct text user,
           const char *detail);

/* A copy of a name as the caller wrote it, cut to what a log line shows. */
void audit_keep_name(struct text name, char ret[LOG_NAME_MAX + 1]);

#endif
