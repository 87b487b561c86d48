/* How often one child may be started: so many starts a minute at once, then ever longer waits. */
#ifndef JETON_PARENT_RATE_H
#define JETON_PARENT_RATE_H

#include <stdint.h>

#define RATE_STARTS     10
#define RATE_WINDOW_MS  60000
#define RATE_WAIT_MS    100 /* the first wait; it doubles */
#define RATE_LONGEST_MS 5000

/* Zeroed: nothing started yet. */
struct rate {
        int64_t spent_ms; /* of RATE_WINDOW_MS: each start costs a RATE_STARTS-th, time pays back */
        int64_t last_ms;
        int64_t wait_ms;
};

/* Charges a start at `now_ms` and says how long to wait before it: 0 within the rate. */
int64_t rate_charge(struct rate *rate, int64_t now_ms);

#endif
