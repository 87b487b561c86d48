/* The target of a request: a path in its one canonical spelling, and a query. */
#ifndef JETON_FRONTEND_TARGET_H
#define JETON_FRONTEND_TARGET_H

#include "../../common/text.h"
#include "fault.h"

/* Decodes the path in place, without its trailing slash ("/" itself stays); the query is left as it
 * was sent, without the question mark. 0, or -EBADMSG with a fault. */
int target_parse(char *target, size_t len, struct text *ret_path, struct text *ret_query,
                 struct fault *fault);

#endif
