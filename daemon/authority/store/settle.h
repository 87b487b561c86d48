/* What a database needs that comes back after a time, before a daemon goes on with it. */
#ifndef JETON_STORE_SETTLE_H
#define JETON_STORE_SETTLE_H

#include "store.h"

#include <stdint.h>

/* Ids that are skipped: nobody knows how many were given since, and tokens name users by them. */
#define SETTLE_IDS_SKIPPED 1000000

/* One commit: ids of before are not given again; and unless `keeps_sessions` every session is over,
 * and every token from before `before` is revoked until `drop_at`. 0 or -errno, with a sentence. */
int store_settle(struct store *store, bool keeps_sessions, int64_t before, int64_t drop_at);

#endif
