/* The end of many sessions at once: of a client's, or of all. It holds from its commit on, whatever
 * their number; the rows go afterwards, in steps, and nobody finds them meanwhile. Nobody outside
 * this folder includes this. */
#ifndef JETON_STORE_ENDINGS_H
#define JETON_STORE_ENDINGS_H

#include "sessions.h"

/* At once: what has the most rows keeps nobody waiting. */
#define SWEEP_MAX 1000

/* Of those whose rows are not gone yet: each makes looking a session up a little slower. */
#define ENDINGS_MAX 64

/* The sessions of that client (NULL: of everybody) whose login was before `login_before`, as far
 * as they have begun by now, are over. 0 or -errno; -EBUSY: too many endings wait for the sweep. */
int endings_add(struct store *store, const struct text *client_id, int64_t login_before);

/* Removes up to SWEEP_MAX rows of the oldest ending. *ret_more: there are more. */
int endings_sweep(struct store *store, bool *ret_more);

#endif
