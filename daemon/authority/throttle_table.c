/* Where the throttle's rows are: found by their key, begun where there is room, shared where there
 * is none. What a row says of a user's guesses is none of its business. */
#include "throttle_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stands for a user where a row is shared: no name and no id is like that. */
#define ANY_USER "*"

/* ---- one row ---- */

bool throttle_row_is_everyone(const struct throttle_row *row) {
        static const uint8_t none[THROTTLE_SOURCE_LEN];

        return memcmp(row->key.source, none, sizeof none) == 0;
}

bool throttle_row_is_shared(const struct throttle_row *row) {
        return strcmp(row->key.user, ANY_USER) == 0;
}

void throttle_row_changed(struct throttle *throttle, struct throttle_row *row) {
        row->is_changed = true;
        throttle->has_changed = true;
}

void throttle_row_refresh(struct throttle_row *row, int64_t now_ms) {
        if (row->failures > 0 && row->resets_at_ms <= now_ms)
                row->failures = 0;
}

static bool is_busy(const struct throttle_row *row) {
        return row->failures > 0 || row->judging > 0;
}

/* ---- its place in the buckets ---- */

static bool key_is(const struct throttle_row *row, const struct throttle_key *key) {
        return memcmp(row->key.source, key->source, sizeof key->source) == 0 &&
               strcmp(row->key.user, key->user) == 0;
}

/* Any spread will do: who makes collisions makes a list of his own rows. */
static uint32_t spread_of(const char *user, uint32_t spread) {
        for (; *user; user++)
                spread = spread * 31 + (unsigned char)*user;
        return spread % THROTTLE_BUCKETS;
}

static struct throttle_row **bucket_of(struct throttle *throttle, const struct throttle_key *key) {
        uint32_t spread;

        memcpy(&spread, key->source, sizeof spread);
        return &throttle->buckets[spread_of(key->user, spread)];
}

struct throttle_row *throttle_row_first_of_user(const struct throttle *throttle, const char *user) {
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

void throttle_row_give(struct throttle *throttle, struct throttle_row *row,
                       const struct throttle_key *key, int64_t now_ms) {
        row_unlink(throttle, row);
        *row = (struct throttle_row){.key = *key, .used_at_ms = now_ms};
        row_link(throttle, row);
}

/* ---- finding a row, and making room for one ---- */

static struct throttle_row *row_find(struct throttle *throttle, const struct throttle_key *key,
                                     int64_t now_ms) {
        struct throttle_row *row = *bucket_of(throttle, key);

        while (row && !key_is(row, key))
                row = row->next;
        if (row)
                throttle_row_refresh(row, now_ms);
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

                throttle_row_refresh(row, now_ms);
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
struct throttle_row *throttle_row_find_or_begin(struct throttle *throttle,
                                                const struct throttle_key *key, int64_t now_ms) {
        struct throttle_row *row = row_find(throttle, key, now_ms);
        struct room room;

        if (row)
                return row;
        room = room_look(throttle, key, now_ms);
        if (!room.free && room.known > THROTTLE_KNOWN_ROWS)
                room.free = room.oldest_known;
        if (!room.free)
                return NULL;
        throttle_row_give(throttle, room.free, key, now_ms);
        throttle_row_changed(throttle, room.free);
        return room.free;
}

static struct throttle_row *row_of_last_resort(struct throttle *throttle,
                                               const struct throttle_key *key, int64_t now_ms) {
        size_t number = key->source[0] % THROTTLE_SHARED_ROWS;
        struct throttle_row *row = &throttle->rows[THROTTLE_ROWS + number];

        throttle_row_refresh(row, now_ms);
        return row;
}

struct throttle_row *throttle_row_of_pair(struct throttle *throttle, const struct throttle_key *key,
                                          int64_t now_ms) {
        struct throttle_row *row = row_find(throttle, key, now_ms);
        struct throttle_key shared = {.user = ANY_USER};
        bool has_many;

        if (row)
                return row;
        memcpy(shared.source, key->source, sizeof shared.source);
        has_many = room_look(throttle, key, now_ms).of_source >= THROTTLE_SOURCE_ROWS;
        row = throttle_row_find_or_begin(throttle, has_many ? &shared : key, now_ms);
        return row ? row : row_of_last_resort(throttle, key, now_ms);
}

struct throttle_row *throttle_row_of_everyone(struct throttle *throttle,
                                              const struct throttle_key *key, int64_t now_ms) {
        struct throttle_key everyone = {.user = ""};

        memcpy(everyone.user, key->user, sizeof everyone.user);
        return throttle_row_find_or_begin(throttle, &everyone, now_ms);
}

/* ---- its life ---- */

/* Source 0 is everyone. */
static void last_resort_begin(struct throttle *throttle, uint8_t number) {
        struct throttle_key key = {.user = ANY_USER};

        memset(key.source, number + 1, sizeof key.source);
        throttle_row_give(throttle, &throttle->rows[THROTTLE_ROWS + number], &key, 0);
}

int throttle_new(struct throttle **ret) {
        struct throttle *throttle = calloc(1, sizeof *throttle);
        uint8_t i;

        if (!throttle)
                return -ENOMEM;
        for (i = 0; i < THROTTLE_SHARED_ROWS; i++)
                last_resort_begin(throttle, i);
        *ret = throttle;
        return 0;
}

void throttle_free(struct throttle *throttle) {
        free(throttle);
}
