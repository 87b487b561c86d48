/* What a database needs that comes back after a time, before a daemon goes on with it. */
#ifndef JETON_STORE_SETTLE_H
#define JETON_STORE_SETTLE_H

#include "store.h"

#include <stdint.h>

/* Ids that are skipped: nobody knows how many were given since, and tokens name users by them. */
#define SETTLE_IDS_SKIPPED 1000000

/* The last id that a user was given; 0: none was. 0 or -errno, with a sentence. */
int store_last_id(struct store *store, int64_t *ret);

/* One commit: ids of before, also those up to `last_id`, are not given again; and unless
 * `keeps_sessions` every session is over, and every token from before `before` is revoked until
 * `drop_at`. 0 or -errno, with a sentence. */
int store_settle(struct store *store, bool keeps_sessions, int64_t last_id, int64_t before,
                 int64_t drop_at);

#endif
