/* What the throttle keeps over a restart, in times of the wall clock. An attempt that is being
 * judged is no failure there: who was asked for his password when the daemon was killed is not kept
 * waiting by it. */
#include "throttle_table.h"

static int64_t to_wall_s(int64_t at_ms, const struct throttle_time *now) {
        int64_t left_ms = at_ms - now->monotonic_ms;

        return left_ms > 0 ? now->wall_s + (left_ms + 999) / 1000 : 0;
}

bool throttle_take_changed(struct throttle *throttle, const struct throttle_time *now, size_t *at,
                           size_t *ret_slot, struct throttle_record *ret) {
        struct throttle_row *row;

        while (*at < THROTTLE_ALL_ROWS && !throttle->rows[*at].is_changed)
                ++*at;
        if (*at == THROTTLE_ALL_ROWS) {
                throttle->has_changed = false;
                return false;
        }
        row = &throttle->rows[*at];
        row->is_changed = false;
        *ret = (struct throttle_record){
                .key = row->key,
                .failures = row->failures,
                .locked_until = to_wall_s(row->locked_until_ms, now),
                .resets_at = to_wall_s(row->resets_at_ms, now),
                .succeeded = row->succeeded,
        };
        *ret_slot = (*at)++;
        return true;
}

void throttle_mark_changed(struct throttle *throttle) {
        size_t i;

        for (i = 0; i < THROTTLE_ALL_ROWS; i++)
                if (throttle->rows[i].key.user[0] != '\0')
                        throttle_row_changed(throttle, &throttle->rows[i]);
}

bool throttle_has_changed(const struct throttle *throttle) {
        return throttle->has_changed;
}

static int64_t clamp(int64_t value, int64_t most) {
        if (value <= 0)
                return 0;
        return value < most ? value : most;
}

void throttle_restore(struct throttle *throttle, size_t slot, const struct throttle_record *record,
                      const struct throttle_time *now) {
        int64_t reset_ms = clamp(record->resets_at - now->wall_s, THROTTLE_DAY_MS / 1000) * 1000;
        int64_t wait_ms;
        struct throttle_row *row;

        if (slot >= THROTTLE_ALL_ROWS)
                return;
        row = &throttle->rows[slot];
        throttle_row_give(throttle, row, &record->key, now->monotonic_ms);
        row->succeeded = record->succeeded;
        if (reset_ms == 0)
                return;
        row->failures = record->failures;
        row->resets_at_ms = now->monotonic_ms + reset_ms;
        wait_ms = throttle_row_wait_ms(row);
        row->locked_until_ms =
                now->monotonic_ms + clamp((record->locked_until - now->wall_s) * 1000,
                                          wait_ms < reset_ms ? wait_ms : reset_ms);
}
