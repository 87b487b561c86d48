/* Marks, and a little noise behind each: the reasons differ by microseconds of processor time, and
 * each mark is smeared over ten thousand of them. */
#include "grid.h"

/* A hash of the default cost takes 13 ms, so that on an idle host all leave at the first mark. */
#define GRID_MS  50
#define SMEAR_MS 10

/* Who was not judged is not held longer than a second. */
#define MARKS_MAX 19

/* The number of the first mark after now. */
static int64_t mark_after(int64_t arrived_ms, int64_t now_ms) {
        return (now_ms - arrived_ms) / GRID_MS + 1;
}

static int64_t leave_at(int64_t arrived_ms, int64_t mark, uint32_t random) {
        return arrived_ms + mark * GRID_MS + random % SMEAR_MS;
}

int64_t grid_judged_ms(struct grid *grid, int64_t arrived_ms, int64_t now_ms, uint32_t random) {
        int64_t mark = mark_after(arrived_ms, now_ms);

        grid->marks[grid->next++ % GRID_MEMORY] = (uint8_t)(mark < MARKS_MAX ? mark : MARKS_MAX);
        return leave_at(arrived_ms, mark, random);
}

int64_t grid_unjudged_ms(const struct grid *grid, int64_t arrived_ms, int64_t now_ms,
                         uint32_t random) {
        unsigned known = grid->next < GRID_MEMORY ? grid->next : GRID_MEMORY;
        int64_t mark = mark_after(arrived_ms, now_ms);
        int64_t seen = known > 0 ? grid->marks[random / SMEAR_MS % known] : 1;

        return leave_at(arrived_ms, seen > mark ? seen : mark, random);
}
