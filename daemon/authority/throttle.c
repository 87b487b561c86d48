/* The steps of the waits, and an attempt from its beginning to its end. */
#include "throttle_table.h"

#include "../../common/cleanup.h"

#include <string.h>

/* ---- the steps ---- */

struct step {
        uint64_t up_to;
        int64_t wait_ms;
};

static int64_t step_find(const struct step *steps, size_t count, uint64_t failures) {
        size_t i;

        for (i = 0; i < count; i++)
                if (failures <= steps[i].up_to)
                        return steps[i].wait_ms;
        return INT64_MAX;
}

/* kanidm's. NIST SP 800-63B wants at most 100 failures in a row. */
int64_t throttle_wait_ms(uint64_t failures) {
        static const struct step steps[] = {{0, 0}, {2, 1000}, {8, 3000}, {24, 5000}, {99, 10000}};

        return step_find(steps, ELEMENTS(steps), failures);
}

/* It begins late and never closes: or strangers could keep a user from a new place for ever. */
int64_t throttle_wait_everyone_ms(uint64_t failures) {
        static const struct step steps[] = {{99, 0}, {UINT64_MAX, 10000}};

        return step_find(steps, ELEMENTS(steps), failures);
}

int64_t throttle_row_wait_ms(const struct throttle_row *row) {
        uint64_t counted = (uint64_t)row->failures + row->judging;

        return throttle_row_is_everyone(row) ? throttle_wait_everyone_ms(counted)
                                             : throttle_wait_ms(counted);
}

static int64_t row_left_ms(const struct throttle_row *row, int64_t now_ms) {
        return row && row->locked_until_ms > now_ms ? row->locked_until_ms - now_ms : 0;
}

/* ---- an attempt ---- */

static void row_lock(struct throttle_row *row, int64_t now_ms) {
        int64_t wait_ms = throttle_row_wait_ms(row);

        row->locked_until_ms = wait_ms == INT64_MAX ? row->resets_at_ms : now_ms + wait_ms;
}

/* The pair's row is busy, and not free for the taking, before the second one is sought. That one
 * waits as if all that are being judged had failed: the next attempt comes from elsewhere, and need
 * not wait for their outcome as the pair's does. */
enum throttle_answer throttle_enter(struct throttle *throttle, const struct throttle_key *key,
                                    const struct throttle_time *now, struct throttle_attempt *ret,
                                    int64_t *ret_left_ms) {
        const int64_t now_ms = now->monotonic_ms;
        struct throttle_row *pair = throttle_row_of_pair(throttle, key, now_ms), *everyone = NULL;
        int64_t left_ms, everyone_left_ms;

        if (pair->judging > 0)
                return THROTTLE_OCCUPIED;
        pair->used_at_ms = now_ms;
        pair->judging++;
        if (!pair->succeeded)
                everyone = throttle_row_of_everyone(throttle, key, now_ms);
        left_ms = row_left_ms(pair, now_ms);
        everyone_left_ms = row_left_ms(everyone, now_ms);
        if (left_ms > 0 || everyone_left_ms > 0) {
                pair->judging--;
                *ret_left_ms = left_ms > everyone_left_ms ? left_ms : everyone_left_ms;
                return THROTTLE_LOCKED;
        }
        if (everyone) {
                everyone->judging++;
                row_lock(everyone, now_ms);
        }
        *ret = (struct throttle_attempt){.key = *key, .pair = pair, .everyone = everyone};
        return THROTTLE_ENTERED;
}

/* The end of the day is settled by its first failure: no step of a clock moves it afterwards. */
static void row_fail(struct throttle *throttle, struct throttle_row *row,
                     const struct throttle_time *now) {
        throttle_row_refresh(row, now->monotonic_ms);
        if (row->failures == 0)
                row->resets_at_ms =
                        now->monotonic_ms + THROTTLE_DAY_MS - now->wall_s % 86400 * 1000;
        if (row->failures < UINT32_MAX)
                row->failures++;
        row_lock(row, now->monotonic_ms);
        throttle_row_changed(throttle, row);
}

/* A lock that it meets at its end was set when it entered, or later. */
static void row_leave(struct throttle *throttle, struct throttle_row *row,
                      enum throttle_outcome outcome, const struct throttle_time *now) {
        row->judging--;
        if (outcome == THROTTLE_FAILED)
                row_fail(throttle, row, now);
        else
                row->locked_until_ms = 0;
}

static void row_succeed(struct throttle *throttle, struct throttle_row *row) {
        if (row->succeeded && row->failures == 0)
                return;
        row->succeeded = true;
        row->failures = 0;
        throttle_row_changed(throttle, row);
}

/* Whoever knows his own password does not thereby pay for the others of a shared row: he has one of
 * his own from now on, where there is room. */
static void pair_succeed(struct throttle *throttle, const struct throttle_attempt *attempt,
                         int64_t now_ms) {
        struct throttle_row *row = attempt->pair;

        if (throttle_row_is_shared(row))
                row = throttle_row_find_or_begin(throttle, &attempt->key, now_ms);
        if (row)
                row_succeed(throttle, row);
}

void throttle_end(struct throttle *throttle, struct throttle_attempt *attempt,
                  enum throttle_outcome outcome, const struct throttle_time *now) {
        row_leave(throttle, attempt->pair, outcome, now);
        if (attempt->everyone)
                row_leave(throttle, attempt->everyone, outcome, now);
        if (outcome == THROTTLE_SUCCEEDED)
                pair_succeed(throttle, attempt, now->monotonic_ms);
        *attempt = (struct throttle_attempt){0};
}

/* ---- for administrators ---- */

int64_t throttle_left_ms(const struct throttle *throttle, const char *user,
                         const struct throttle_time *now) {
        const struct throttle_row *row = throttle_row_first_of_user(throttle, user);
        int64_t left_ms, longest_ms = 0;

        for (; row; row = row->next_of_user) {
                if (strcmp(row->key.user, user) != 0)
                        continue;
                left_ms = row_left_ms(row, now->monotonic_ms);
                if (left_ms > longest_ms)
                        longest_ms = left_ms;
        }
        return longest_ms;
}

uint64_t throttle_count_locked(const struct throttle *throttle, const struct throttle_time *now) {
        uint64_t count = 0;
        size_t i;

        for (i = 0; i < THROTTLE_ALL_ROWS; i++)
                count += row_left_ms(&throttle->rows[i], now->monotonic_ms) > 0;
        return count;
}

void throttle_unlock(struct throttle *throttle, const char *user) {
        struct throttle_row *row = throttle_row_first_of_user(throttle, user);

        for (; row; row = row->next_of_user) {
                if (strcmp(row->key.user, user) != 0)
                        continue;
                row->failures = 0;
                row->locked_until_ms = 0;
                throttle_row_changed(throttle, row);
        }
}
