/* Which word goes up by one. */
#include "tally.h"

/* From an answer out of the public pages to a password's hash behind a queue. */
const uint32_t tally_bounds_us[TALLY_BOUNDS] = {
        100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000,
};

void tally_begin(struct tally *tally) {
        explicit_bzero(tally, sizeof *tally);
}

static size_t place_of(const struct route *route) {
        size_t count;
        const struct route *rows = route_rows(&count);

        return route ? (size_t)(route - rows) : TALLY_ROUTES - 1;
}

static size_t bound_of(uint64_t took_us) {
        size_t i = 0;

        while (i < TALLY_BOUNDS && took_us > tally_bounds_us[i])
                i++;
        return i;
}

void tally_answer(struct tally *tally, uint16_t status) {
        counts_add(&tally->by_status[response_status_place(status)], 1);
}

void tally_time(struct tally *tally, const struct route *route, uint64_t took_us) {
        struct tally_route *row = &tally->routes[place_of(route)];

        counts_add(&row->within[bound_of(took_us)], 1);
        counts_add(&row->sum_us, took_us);
}
