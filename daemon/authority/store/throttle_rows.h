/* The failed logins that still count, kept over a restart. */
#ifndef JETON_STORE_THROTTLE_ROWS_H
#define JETON_STORE_THROTTLE_ROWS_H

#include "../../../common/text.h"
#include "../throttle.h"
#include "store.h"

/* Writes every row that has changed, in one commit. On an error they stay changed. 0 or -errno,
 * with a sentence. */
int throttle_rows_write(struct store *store, struct throttle *throttle,
                        const struct throttle_time *now);

/* Restores what was kept. 0 or -errno, with a sentence. */
int throttle_rows_read(struct store *store, struct throttle *throttle,
                       const struct throttle_time *now);

/* Forgets the kept failures of a user's. On the disk when it returns 0; -errno, with a sentence. */
int throttle_rows_unlock(struct store *store, struct text user);

#endif
