/* A token bucket, counted in time: a child that dies at once must neither be given up nor keep the
 * host busy. */
#include "rate.h"

#define COST_MS (RATE_WINDOW_MS / RATE_STARTS)

static int64_t longer(int64_t wait_ms) {
        if (wait_ms == 0)
                return RATE_WAIT_MS;
        return wait_ms * 2 > RATE_LONGEST_MS ? RATE_LONGEST_MS : wait_ms * 2;
}

int64_t rate_charge(struct rate *rate, int64_t now_ms) {
        int64_t paid_back = now_ms - rate->last_ms;

        rate->spent_ms = paid_back >= rate->spent_ms ? 0 : rate->spent_ms - paid_back;
        rate->spent_ms += COST_MS;
        rate->last_ms = now_ms;
        if (rate->spent_ms <= RATE_WINDOW_MS) {
                rate->wait_ms = 0;
                return 0;
        }
        rate->spent_ms = RATE_WINDOW_MS;
        rate->wait_ms = longer(rate->wait_ms);
        return rate->wait_ms;
}
