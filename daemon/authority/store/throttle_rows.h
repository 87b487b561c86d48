/* The failed logins that still count, kept over a restart. */
#ifndef JETON_STORE_THROTTLE_ROWS_H
#define JETON_STORE_THROTTLE_ROWS_H

#include "../../../common/text.h"
#include "../throttle.h"
#include "store.h"
#include "transaction.h"

/* Writes every row that has changed. When it cannot be committed they have to be marked anew
 * (throttle_mark_changed()). 0 or -errno, with a sentence. */
int throttle_rows_write(struct transaction *transaction, struct throttle *throttle,
                        const struct throttle_time *now);

/* Restores what was kept. 0 or -errno, with a sentence. */
int throttle_rows_read(struct store *store, struct throttle *throttle,
                       const struct throttle_time *now);

/* Forgets the kept failures of a user's. 0 or -errno, with a sentence. */
int throttle_rows_unlock(struct transaction *transaction, struct text user);

#endif
