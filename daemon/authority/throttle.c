/* The table of who failed how often, and the steps of the waits. Rows are found by buckets, those
 * of a pair and those of a user; only to begin a new one is the whole table read, before a hash
 * that costs a hundred times that. */
#include "throttle.h"

#include "../../common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ROWS (THROTTLE_ROWS + THROTTLE_SHARED_ROWS)
#define BUCKETS  4096
#define DAY_MS   86400000

/* Stands for a user where a row is shared: no name and no id is like that. */
#define ANY_USER "*"

struct throttle_row {
        struct throttle_key key;
        bool is_shared, is_pending, is_changed;
        bool succeeded; /* and has not been forgotten since */
        uint32_t failures;
        int64_t locked_until_ms;
        int64_t resets_at_ms; /* the end of the day of the first failure */
        int64_t used_at_ms;
        struct throttle_row *next;         /* in its bucket ... */
        struct throttle_row *next_of_user; /* ... and in its user's */
};

struct throttle {
        bool has_changed;
        uint64_t taken; /* how many rows, ever */
        struct throttle_row rows[ALL_ROWS];
        struct throttle_row *buckets[BUCKETS]; /* by user and source */
        struct throttle_row *users[BUCKETS];   /* by user */
};

/* ---- the steps ---- */

struct step {
        uint32_t up_to;
        int64_t wait_ms;
};

static int64_t step_find(const struct step *steps, size_t count, uint32_t failures) {
        size_t i;

        for (i = 0; i < count; i++)
                if (failures <= steps[i].up_to)
                        return steps[i].wait_ms;
        return INT64_MAX;
}

/* kanidm's. NIST SP 800-63B wants at most 100 failures in a row. */
int64_t throttle_wait_ms(uint32_t failures) {
        static const struct step steps[] = {{0, 0}, {2, 1000}, {8, 3000}, {24, 5000}, {99, 10000}};

        return step_find(steps, ELEMENTS(steps), failures);
}

/* It begins late and never closes: or strangers could keep a user from a new place for ever. */
int64_t throttle_wait_everyone_ms(uint32_t failures) {
        static const struct step steps[] = {{99, 0}, {UINT32_MAX, 10000}};

        return step_find(steps, ELEMENTS(steps), failures);
}

/* ---- one row ---- */

static bool is_everyone(const struct throttle_row *row) {
        static const uint8_t none[THROTTLE_SOURCE_LEN];

        return memcmp(row->key.source, none, sizeof none) == 0;
}

static void row_changed(struct throttle *throttle, struct throttle_row *row) {
        row->is_changed = true;
        throttle->has_changed = true;
}

static int64_t row_left_ms(const struct throttle_row *row, int64_t now_ms) {
        return row && row->locked_until_ms > now_ms ? row->locked_until_ms - now_ms : 0;
}

/* A day's failures end with it. */
static void row_refresh(struct throttle_row *row, int64_t now_ms) {
        if (row->failures > 0 && row->resets_at_ms <= now_ms && !row->is_pending)
                row->failures = 0;
}

static void row_lock(struct throttle_row *row, int64_t now_ms) {
        int64_t wait_ms = is_everyone(row) ? throttle_wait_everyone_ms(row->failures)
                                           : throttle_wait_ms(row->failures);
        int64_t longest_ms = row->resets_at_ms - now_ms;

        row->locked_until_ms = now_ms + (wait_ms == INT64_MAX ? longest_ms : wait_ms);
}

/* The end of the day is settled by its first failure: no step of a clock moves it afterwards. */
static void row_count(struct throttle_row *row, const struct throttle_time *now) {
        if (row->failures == 0)
                row->resets_at_ms = now->monotonic_ms + DAY_MS - now->wall_s % 86400 * 1000;
        if (row->failures < UINT32_MAX)
                row->failures++;
        row_lock(row, now->monotonic_ms);
}

static void row_uncount(struct throttle_row *row) {
        if (row->failures > 0)
                row->failures--;
        row->locked_until_ms = 0;
}

/* ---- finding a row, and making room for one ---- */

static bool is_busy(const struct throttle_row *row) {
        return row->failures > 0 || row->is_pending;
}

static bool key_is(const struct throttle_row *row, const struct throttle_key *key) {
        return memcmp(row->key.source, key->source, sizeof key->source) == 0 &&
               strcmp(row->key.user, key->user) == 0;
}

/* Any spread will do: who makes collisions makes a list of his own rows. */
static uint32_t spread_of(const char *user, uint32_t spread) {
        for (; *user; user++)
                spread = spread * 31 + (unsigned char)*user;
        return spread % BUCKETS;
}

static struct throttle_row **bucket_of(struct throttle *throttle, const struct throttle_key *key) {
        uint32_t spread;

        memcpy(&spread, key->source, sizeof spread);
        return &throttle->buckets[spread_of(key->user, spread)];
}

static struct throttle_row *first_of_user(const struct throttle *throttle, const char *user) {
        return throttle->users[spread_of(user, 0)];
}

static void row_link(struct throttle *throttle, struct throttle_row *row) {
        struct throttle_row **bucket = bucket_of(throttle, &row->key);
        struct throttle_row **rows = &throttle->users[spread_of(row->key.user, 0)];

        row->next = *bucket;
        *bucket = row;
        row->next_of_user = *rows;
        *rows = row;
}

static void row_unlink(struct throttle *throttle, struct throttle_row *row) {
        struct throttle_row **place = bucket_of(throttle, &row->key);

        while (*place && *place != row)
                place = &(*place)->next;
        if (*place)
                *place = row->next;
        place = &throttle->users[spread_of(row->key.user, 0)];
        while (*place && *place != row)
                place = &(*place)->next_of_user;
        if (*place)
                *place = row->next_of_user;
}

static struct throttle_row *row_find(struct throttle *throttle, const struct throttle_key *key,
                                     int64_t now_ms) {
        struct throttle_row *row = *bucket_of(throttle, key);

        while (row && !key_is(row, key))
                row = row->next;
        if (row)
                row_refresh(row, now_ms);
        return row;
}

struct room {
        struct throttle_row *free, *oldest_known;
        size_t known, of_source;
};

static struct room room_look(struct throttle *throttle, const struct throttle_key *key,
                             int64_t now_ms) {
        struct room room = {0};
        size_t i;

        for (i = 0; i < THROTTLE_ROWS; i++) {
                struct throttle_row *row = &throttle->rows[i];

                row_refresh(row, now_ms);
                if (is_busy(row)) {
                        room.of_source +=
                                memcmp(row->key.source, key->source, sizeof key->source) == 0;
                        continue;
                }
                if (!row->succeeded) {
                        room.free = row;
                        continue;
                }
                room.known++;
                if (!room.oldest_known || row->used_at_ms < room.oldest_known->used_at_ms)
                        room.oldest_known = row;
        }
        return room;
}

/* What is kept follows at once: or a key could be restored in two places. */
static struct throttle_row *row_begin(struct throttle *throttle, struct throttle_row *row,
                                      const struct throttle_key *key, int64_t now_ms) {
        if (!row)
                return NULL;
        row_unlink(throttle, row);
        *row = (struct throttle_row){.key = *key, .used_at_ms = now_ms};
        row_link(throttle, row);
        row_changed(throttle, row);
        return row;
}

/* NULL when there is no room. */
static struct throttle_row *row_find_or_begin(struct throttle *throttle,
                                              const struct throttle_key *key, int64_t now_ms) {
        struct throttle_row *row = row_find(throttle, key, now_ms);
        struct room room;

        if (row)
                return row;
        room = room_look(throttle, key, now_ms);
        if (!room.free && room.known > THROTTLE_KNOWN_ROWS)
                room.free = room.oldest_known;
        return row_begin(throttle, room.free, key, now_ms);
}

static struct throttle_row *row_of_source(struct throttle *throttle, const struct throttle_key *key,
                                          int64_t now_ms) {
        struct throttle_key shared = {.user = ANY_USER};
        struct throttle_row *row;

        memcpy(shared.source, key->source, sizeof shared.source);
        row = row_find_or_begin(throttle, &shared, now_ms);
        if (row)
                row->is_shared = true;
        return row;
}

/* The row of a pair, or that which it shares with others. Never NULL. */
static struct throttle_row *row_of_pair(struct throttle *throttle, const struct throttle_key *key,
                                        int64_t now_ms) {
        struct throttle_row *row = row_find(throttle, key, now_ms);

        if (row)
                return row;
        if (room_look(throttle, key, now_ms).of_source < THROTTLE_SOURCE_ROWS)
                row = row_find_or_begin(throttle, key, now_ms);
        else
                row = row_of_source(throttle, key, now_ms);
        if (row)
                return row;
        row = &throttle->rows[THROTTLE_ROWS + key->source[0] % THROTTLE_SHARED_ROWS];
        row_refresh(row, now_ms);
        return row;
}

/* NULL when there is no room: the rows that are shared then slow down enough. */
static struct throttle_row *row_of_everyone(struct throttle *throttle,
                                            const struct throttle_key *key, int64_t now_ms) {
        struct throttle_key everyone = {.user = ""};

        memcpy(everyone.user, key->user, sizeof everyone.user);
        return row_find_or_begin(throttle, &everyone, now_ms);
}

/* ---- an attempt ---- */

/* The pair's row is pending, and not free for the taking, before the second one is sought. */
enum throttle_answer throttle_enter(struct throttle *throttle, const struct throttle_key *key,
                                    const struct throttle_time *now, struct throttle_attempt *ret,
                                    int64_t *ret_left_ms) {
        const int64_t now_ms = now->monotonic_ms;
        struct throttle_row *pair = row_of_pair(throttle, key, now_ms), *everyone = NULL;
        int64_t left_ms, everyone_left_ms;

        if (pair->is_pending)
                return THROTTLE_OCCUPIED;
        pair->used_at_ms = now_ms;
        pair->is_pending = true;
        if (!pair->succeeded)
                everyone = row_of_everyone(throttle, key, now_ms);
        left_ms = row_left_ms(pair, now_ms);
        everyone_left_ms = row_left_ms(everyone, now_ms);
        if (left_ms > 0 || everyone_left_ms > 0) {
                pair->is_pending = false;
                *ret_left_ms = left_ms > everyone_left_ms ? left_ms : everyone_left_ms;
                return THROTTLE_LOCKED;
        }
        row_count(pair, now);
        if (everyone)
                row_count(everyone, now);
        *ret = (struct throttle_attempt){
                .key = *key, .pair = pair, .everyone = everyone, .taken = throttle->taken};
        return THROTTLE_ENTERED;
}

static void pair_remember(struct throttle *throttle, const struct throttle_key *key,
                          int64_t now_ms) {
        struct throttle_row *row = row_find_or_begin(throttle, key, now_ms);

        if (!row)
                return;
        row->succeeded = true;
        row_changed(throttle, row);
}

/* Whoever knows his own password does not thereby pay for the others of a shared row. */
static void pair_succeed(struct throttle *throttle, const struct throttle_attempt *attempt,
                         int64_t now_ms) {
        struct throttle_row *pair = attempt->pair;

        row_uncount(pair);
        if (pair->is_shared) {
                pair_remember(throttle, &attempt->key, now_ms);
                return;
        }
        if (pair->failures > 0 || !pair->succeeded)
                row_changed(throttle, pair);
        pair->failures = 0;
        pair->succeeded = true;
}

static void attempt_failed(struct throttle *throttle, const struct throttle_attempt *attempt,
                           int64_t now_ms) {
        row_lock(attempt->pair, now_ms);
        row_changed(throttle, attempt->pair);
        if (attempt->everyone)
                row_changed(throttle, attempt->everyone);
}

/* A row that was kept while the attempt was judged counts it as a failure there. */
static void attempt_uncounted(struct throttle *throttle, const struct throttle_attempt *attempt) {
        if (attempt->everyone)
                row_uncount(attempt->everyone);
        if (throttle->taken == attempt->taken)
                return;
        row_changed(throttle, attempt->pair);
        if (attempt->everyone)
                row_changed(throttle, attempt->everyone);
}

void throttle_end(struct throttle *throttle, struct throttle_attempt *attempt,
                  enum throttle_outcome outcome, const struct throttle_time *now) {
        attempt->pair->is_pending = false;
        if (outcome == THROTTLE_FAILED)
                attempt_failed(throttle, attempt, now->monotonic_ms);
        else if (outcome == THROTTLE_SUCCEEDED)
                pair_succeed(throttle, attempt, now->monotonic_ms);
        else
                row_uncount(attempt->pair);
        if (outcome != THROTTLE_FAILED)
                attempt_uncounted(throttle, attempt);
        *attempt = (struct throttle_attempt){0};
}

/* ---- for administrators ---- */

int64_t throttle_left_ms(const struct throttle *throttle, const char *user,
                         const struct throttle_time *now) {
        const struct throttle_row *row = first_of_user(throttle, user);
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

        for (i = 0; i < ALL_ROWS; i++)
                count += row_left_ms(&throttle->rows[i], now->monotonic_ms) > 0;
        return count;
}

void throttle_unlock(struct throttle *throttle, const char *user) {
        struct throttle_row *row = first_of_user(throttle, user);

        for (; row; row = row->next_of_user) {
                if (strcmp(row->key.user, user) != 0)
                        continue;
                row->failures = 0;
                row->locked_until_ms = 0;
                row_changed(throttle, row);
        }
}

/* ---- over a restart ---- */

static int64_t to_wall_s(int64_t at_ms, const struct throttle_time *now) {
        int64_t left_ms = at_ms - now->monotonic_ms;

        return left_ms > 0 ? now->wall_s + (left_ms + 999) / 1000 : 0;
}

/* An attempt that is being judged has not failed: who was asked for his password when the daemon
 * was killed is not kept waiting by it. */
bool throttle_take_changed(struct throttle *throttle, const struct throttle_time *now, size_t *at,
                           size_t *ret_slot, struct throttle_record *ret) {
        struct throttle_row *row;

        while (*at < ALL_ROWS && !throttle->rows[*at].is_changed)
                ++*at;
        if (*at == ALL_ROWS) {
                throttle->has_changed = false;
                return false;
        }
        row = &throttle->rows[*at];
        row->is_changed = false;
        throttle->taken++;
        *ret = (struct throttle_record){
                .key = row->key,
                .failures = row->failures - (row->is_pending && row->failures > 0),
                .locked_until = row->is_pending ? 0 : to_wall_s(row->locked_until_ms, now),
                .resets_at = to_wall_s(row->resets_at_ms, now),
                .succeeded = row->succeeded,
        };
        *ret_slot = (*at)++;
        return true;
}

void throttle_mark_changed(struct throttle *throttle) {
        size_t i;

        for (i = 0; i < ALL_ROWS; i++)
                if (throttle->rows[i].key.user[0] != '\0')
                        row_changed(throttle, &throttle->rows[i]);
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
        int64_t reset_ms = clamp(record->resets_at - now->wall_s, DAY_MS / 1000) * 1000, wait_ms;
        struct throttle_row *row;

        if (slot >= ALL_ROWS)
                return;
        row = &throttle->rows[slot];
        row_unlink(throttle, row);
        row->key = record->key;
        row_link(throttle, row);
        row->is_shared = strcmp(record->key.user, ANY_USER) == 0;
        row->succeeded = record->succeeded;
        row->used_at_ms = now->monotonic_ms;
        if (reset_ms == 0)
                return;
        row->failures = record->failures;
        row->resets_at_ms = now->monotonic_ms + reset_ms;
        wait_ms = is_everyone(row) ? throttle_wait_everyone_ms(row->failures)
                                   : throttle_wait_ms(row->failures);
        row->locked_until_ms =
                now->monotonic_ms + clamp((record->locked_until - now->wall_s) * 1000,
                                          wait_ms < reset_ms ? wait_ms : reset_ms);
}

/* ---- its life ---- */

static void shared_row_begin(struct throttle *throttle, struct throttle_row *row, uint8_t number) {
        row->is_shared = true;
        row->key = (struct throttle_key){.user = ANY_USER};
        memset(row->key.source, number, sizeof row->key.source);
        row_link(throttle, row);
}

int throttle_new(struct throttle **ret) {
        struct throttle *throttle = calloc(1, sizeof *throttle);
        uint8_t i;

        if (!throttle)
                return -ENOMEM;
        /* Source 0 is everyone. */
        for (i = 0; i < THROTTLE_SHARED_ROWS; i++)
                shared_row_begin(throttle, &throttle->rows[THROTTLE_ROWS + i], (uint8_t)(i + 1));
        *ret = throttle;
        return 0;
}

void throttle_free(struct throttle *throttle) {
        free(throttle);
}
