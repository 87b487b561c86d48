/* Guessing is slowed: the failures of each pair (whose password, who guesses) are counted, and
 * after each the pair waits longer. Guesses in parallel gain nothing: of a pair one is judged at a
 * time, and over all sources those that are being judged count as failures until their end. A table
 * of fixed size and its rules: no I/O, no clock, no names.
 *
 * Memory is bounded without forgetting a failure before its day ends: a source with too many rows
 * has one row for all further users, and when the table is full, new sources share a few rows. So
 * nobody resets a lock by filling the table. What gives way is the memory of who succeeded, oldest
 * first. */
#ifndef JETON_AUTHORITY_THROTTLE_H
#define JETON_AUTHORITY_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_USER_MAX   32
#define THROTTLE_SOURCE_LEN 16

#define THROTTLE_ROWS        8192
#define THROTTLE_SOURCE_ROWS 256  /* with failures, of one source */
#define THROTTLE_KNOWN_ROWS  1024 /* of pairs that succeeded: failures do not take these */
#define THROTTLE_SHARED_ROWS 64   /* at the end of the table, for when it is full */

struct throttle;
struct throttle_row;

struct throttle_key {
        char user[THROTTLE_USER_MAX + 1]; /* never empty */
        uint8_t source[THROTTLE_SOURCE_LEN];
};

/* Waits run on the first clock. The second says when a day ends, and what is kept over a restart.
 */
struct throttle_time {
        int64_t monotonic_ms;
        int64_t wall_s;
};

/* What an attempt has touched, until it ends. */
struct throttle_attempt {
        struct throttle_key key;
        struct throttle_row *pair;     /* borrowed from the table */
        struct throttle_row *everyone; /* the user's, over all sources; NULL for a pair that has
                                        * succeeded before */
};

enum throttle_answer {
        THROTTLE_LOCKED = 0, /* refuse: it is not counted */
        THROTTLE_ENTERED,    /* judge it, then throttle_end() */
        THROTTLE_OCCUPIED,   /* another attempt of the pair is being judged: ask again then */
};

enum throttle_outcome {
        THROTTLE_FAILED = 0,
        THROTTLE_SUCCEEDED,
        THROTTLE_UNJUDGED, /* for a reason of ours: it does not count */
};

/* One row as it is kept over a restart; times of the wall clock. */
struct throttle_record {
        struct throttle_key key;
        uint32_t failures;
        int64_t locked_until, resets_at;
        bool succeeded;
};

/* What a pair waits after that many failures in one day. INT64_MAX: until the day's end. */
int64_t throttle_wait_ms(uint64_t failures);

/* The same for the failures of all sources together, which only keep those waiting that have not
 * yet succeeded. */
int64_t throttle_wait_everyone_ms(uint64_t failures);

/* 0 or -ENOMEM. */
int throttle_new(struct throttle **ret);
void throttle_free(struct throttle *throttle);

/* May this pair try? *ret_left_ms is set when it is LOCKED, *ret when it has ENTERED. */
enum throttle_answer throttle_enter(struct throttle *throttle, const struct throttle_key *key,
                                    const struct throttle_time *now, struct throttle_attempt *ret,
                                    int64_t *ret_left_ms);

/* Ends what has entered. */
void throttle_end(struct throttle *throttle, struct throttle_attempt *attempt,
                  enum throttle_outcome outcome, const struct throttle_time *now);

/* How long some pair of the user's has still to wait; 0: none has. */
int64_t throttle_left_ms(const struct throttle *throttle, const char *user,
                         const struct throttle_time *now);

/* Rows that have to wait now. */
uint64_t throttle_count_locked(const struct throttle *throttle, const struct throttle_time *now);

/* Forgets the failures of a user's, wherever they came from. */
void throttle_unlock(struct throttle *throttle, const char *user);

/* The first row from *at on that changed since it was last taken, marked as taken; *at moves behind
 * it and *ret_slot is its place. false: there is none. */
bool throttle_take_changed(struct throttle *throttle, const struct throttle_time *now, size_t *at,
                           size_t *ret_slot, struct throttle_record *ret);

/* They could not be kept: all rows are to be taken again. */
void throttle_mark_changed(struct throttle *throttle);

bool throttle_has_changed(const struct throttle *throttle);

/* Puts a kept row back. No wait is longer than its failures make it, whatever the wall clock says
 * now. Out of range or over: passed over. */
void throttle_restore(struct throttle *throttle, size_t slot, const struct throttle_record *record,
                      const struct throttle_time *now);

#endif
