/* What this process counts: the answers it has given and how long each took, by route. It writes in
 * a page that the authority reads (privsep/counts.h), and knows alone what is where in it. */
#ifndef JETON_FRONTEND_TALLY_H
#define JETON_FRONTEND_TALLY_H

#include "../privsep/counts.h"
#include "response.h"
#include "routes.h"

#define TALLY_ROUTES 96 /* rows of routes.c, and one for what found none of them */

/* Upper bounds in microseconds, ascending. */
#define TALLY_BOUNDS 13
extern const uint32_t tally_bounds_us[TALLY_BOUNDS];

struct tally {
        uint64_t by_status[RESPONSE_STATUSES]; /* in the order of response_status() */
        struct tally_route {
                uint64_t within[TALLY_BOUNDS + 1]; /* of each bound alone; the last: beyond all */
                uint64_t sum_us;
        } routes[TALLY_ROUTES]; /* in the order of route_rows(); the last: none of them */
};

_Static_assert(sizeof(struct tally) <= COUNTS_SIZE, "it fits into its page");

/* Begins at nothing: what a process before this one has written there is gone with it. */
void tally_begin(struct tally *tally);

/* One answer. */
void tally_answer(struct tally *tally, uint16_t status);

/* How long it took. `route` is NULL where the request found none. */
void tally_time(struct tally *tally, const struct route *route, uint64_t took_us);

#endif
