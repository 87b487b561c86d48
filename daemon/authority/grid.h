/* When a refused login leaves: on a grid counted from its arrival, so that its moment says nothing
 * of the reason. Knows nothing of calls. */
#ifndef JETON_AUTHORITY_GRID_H
#define JETON_AUTHORITY_GRID_H

#include <stdint.h>

#define GRID_MEMORY 32

/* Which marks the last refusals left at that cost a hash. Zeroed: none yet. */
struct grid {
        uint8_t marks[GRID_MEMORY];
        unsigned next;
};

/* The next mark after now. Remembered for those that are not judged. */
int64_t grid_judged_ms(struct grid *grid, int64_t arrived_ms, int64_t now_ms, uint32_t random);

/* The same for an attempt that waited for no hash: a mark that a judged one has lately left at,
 * picked at random, so that it looks the same while the workers are busy. */
int64_t grid_unjudged_ms(const struct grid *grid, int64_t arrived_ms, int64_t now_ms,
                         uint32_t random);

#endif
