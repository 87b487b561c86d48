/* The gate that every password passes before it is looked at: the throttle, whoever waits for
 * another attempt of the same pair, and what is kept over a restart. */
#ifndef JETON_AUTHORITY_GATE_H
#define JETON_AUTHORITY_GATE_H

#include "../privsep/loop.h"
#include "commit.h"
#include "throttle.h"

#include <stdbool.h>

struct authority;
struct call;

struct gate {
        struct throttle *throttle;
        struct call *first, **last; /* waiting; borrowed */
        struct timer wake, save;
        struct commit saving;
};

/* Goes on with a call whose turn has come; false: it must wait, and is to be refused. 0 or -errno:
 * the call is answered with a 500 or 503. */
typedef int gate_turn(struct call *call, bool may_try);

/* What a call has of the gate. */
struct gate_pass {
        struct throttle_key key;
        struct throttle_attempt attempt; /* has entered and not left */
        bool is_waiting, is_locked;
        bool was_judged;      /* one of several places has looked at the password: it counts */
        int64_t locked_until; /* wall clock */
        gate_turn *turn;
        struct call *next;
};

/* Reads what was kept. Before the first call. 0 or -errno, having logged why. */
int gate_open(struct authority *authority);

/* Keeps what is new. After the last call. */
void gate_close(struct authority *authority);

/* Lets an attempt of the pair in, or refuses it, or lets it wait for the attempt that is being
 * judged, a second at most. 0 or -errno. */
int gate_enter(struct call *call, const struct throttle_key *key, gate_turn *turn);

/* The attempt has come to its end. One that never entered, or has left, is fine. THROTTLE_UNJUDGED
 * is a failure where pass.was_judged says so: nobody guesses for free by what breaks behind it. */
void gate_leave(struct call *call, enum throttle_outcome outcome);

/* The call is gone. An attempt that was not judged by then has failed: who hangs up early has
 * perhaps seen enough. */
void gate_forget(struct call *call);

/* Until when (wall clock) some pair of that user waits; 0: none does. */
int64_t gate_locked_until(const struct authority *authority, const char *user);

/* How many rows of the throttle have to wait now. */
uint64_t gate_count_locked(const struct authority *authority);

/* Forgets that user's failures; what is on the disk is the caller's (throttle_rows_unlock()). */
void gate_unlock(struct authority *authority, const char *user);

#endif
