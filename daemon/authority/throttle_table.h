/* The rows of the throttle, and how one is found or begun; for throttle*.c alone. They are found by
 * buckets, those of a pair and those of a user; only to begin a new one is the whole table read,
 * before a hash that costs a hundred times that. */
#ifndef JETON_AUTHORITY_THROTTLE_TABLE_H
#define JETON_AUTHORITY_THROTTLE_TABLE_H

#include "throttle.h"

#define THROTTLE_ALL_ROWS (THROTTLE_ROWS + THROTTLE_SHARED_ROWS)
#define THROTTLE_BUCKETS  4096
#define THROTTLE_DAY_MS   86400000

struct throttle_row {
        struct throttle_key key;
        bool is_changed;  /* since it was last taken */
        bool succeeded;   /* and has not been forgotten since */
        uint32_t judging; /* attempts that are being judged: they have not failed yet */
        uint32_t failures;
        int64_t locked_until_ms;
        int64_t resets_at_ms; /* the end of the day of the first failure */
        int64_t used_at_ms;
        struct throttle_row *next;         /* in its bucket ... */
        struct throttle_row *next_of_user; /* ... and in its user's */
};

struct throttle {
        bool has_changed;
        struct throttle_row rows[THROTTLE_ALL_ROWS];
        struct throttle_row *buckets[THROTTLE_BUCKETS]; /* by user and source */
        struct throttle_row *users[THROTTLE_BUCKETS];   /* by user */
};

/* Of all sources together. */
bool throttle_row_is_everyone(const struct throttle_row *row);

/* Of several pairs. */
bool throttle_row_is_shared(const struct throttle_row *row);

/* It is to be kept again. */
void throttle_row_changed(struct throttle *throttle, struct throttle_row *row);

/* A day's failures end with it. */
void throttle_row_refresh(struct throttle_row *row, int64_t now_ms);

/* What it waits by what is counted in it. INT64_MAX: until the day's end. */
int64_t throttle_row_wait_ms(const struct throttle_row *row);

/* Takes the row from whoever had it: empty, and found by this key from now on. */
void throttle_row_give(struct throttle *throttle, struct throttle_row *row,
                       const struct throttle_key *key, int64_t now_ms);

/* The row of a key, begun where there is none. NULL: there is no room. */
struct throttle_row *throttle_row_find_or_begin(struct throttle *throttle,
                                                const struct throttle_key *key, int64_t now_ms);

/* The row of a pair, or that which it shares with others. Never NULL. */
struct throttle_row *throttle_row_of_pair(struct throttle *throttle, const struct throttle_key *key,
                                          int64_t now_ms);

/* The user's over all sources. NULL when there is no room: the rows that are shared then slow down
 * enough. */
struct throttle_row *throttle_row_of_everyone(struct throttle *throttle,
                                              const struct throttle_key *key, int64_t now_ms);

/* The first of the rows among which a user's are; the others follow by next_of_user. */
struct throttle_row *throttle_row_first_of_user(const struct throttle *throttle, const char *user);

#endif
