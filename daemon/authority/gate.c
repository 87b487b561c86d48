/* One attempt of a pair at a time: the next one is judged when the outcome of the one before is
 * known. So honest programs that log in all at once get in one after the other, and guesses in
 * parallel meet the wait that the first of them has caused. */
#include "gate.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "call.h"
#include "store/throttle_rows.h"

#define WAIT_MAX_MS 1000

/* A failure is on the disk this long after it was answered, and a commit's time. */
#define SAVE_DELAY_MS 500

static struct throttle_time time_now(void) {
        return (struct throttle_time){clock_monotonic_ms(), clock_wall_s()};
}

/* ---- what is kept ---- */

static void save_later(struct authority *authority);

static int gate_write(void *context, struct transaction *transaction) {
        struct authority *authority = context;
        struct throttle_time now = time_now();
        int r;

        r = throttle_rows_write(transaction, authority->gate.throttle, &now);
        if (r < 0)
                log_warning("failed logins are not kept over a restart just now: %s",
                            store_error(authority->store));
        return r;
}

static void gate_written(void *context, int r) {
        struct authority *authority = context;

        if (r < 0)
                throttle_mark_changed(authority->gate.throttle);
        save_later(authority);
}

static void gate_save(void *context) {
        struct authority *authority = context;

        if (commit_ask(authority, &authority->gate.saving, gate_write, gate_written, authority) < 0)
                save_later(authority);
}

/* Without a timer they are kept with the next failure, or at the end. */
static void save_later(struct authority *authority) {
        struct gate *gate = &authority->gate;

        if (gate->save.heap_index == 0 && throttle_has_changed(gate->throttle))
                loop_timer(authority->loop, &gate->save, clock_monotonic_ms() + SAVE_DELAY_MS,
                           gate_save, authority);
}

int gate_open(struct authority *authority) {
        struct throttle_time now = time_now();
        int r;

        authority->gate.last = &authority->gate.first;
        r = throttle_new(&authority->gate.throttle);
        if (r < 0)
                return r;
        r = throttle_rows_read(authority->store, authority->gate.throttle, &now);
        if (r < 0)
                log_error("failed logins cannot be read: %s", store_error(authority->store));
        return r;
}

void gate_close(struct authority *authority) {
        struct gate *gate = &authority->gate;

        if (!gate->throttle)
                return;
        if (throttle_has_changed(gate->throttle))
                commit_alone(authority, gate_write, authority);
        loop_timer_unset(authority->loop, &gate->save);
        loop_timer_unset(authority->loop, &gate->wake);
        throttle_free(take(gate->throttle));
}

/* ---- those who wait ---- */

static void waiting_add(struct gate *gate, struct call *call) {
        call->pass.is_waiting = true;
        call->pass.next = NULL;
        *gate->last = call;
        gate->last = &call->pass.next;
}

static void waiting_remove(struct gate *gate, struct call *call) {
        struct call **place = &gate->first;

        while (*place != call)
                place = &(*place)->pass.next;
        *place = call->pass.next;
        if (!*place)
                gate->last = place;
        call->pass.is_waiting = false;
        loop_timer_unset(call->authority->loop, &call->release);
}

static void waited_enough(void *context) {
        call_refuse(context, REFUSAL_BUSY);
}

/* One that waits: it goes on, or still waits. */
static int gate_try(struct call *call) {
        struct gate *gate = &call->authority->gate;
        struct throttle_time now = time_now();
        struct gate_pass *pass = &call->pass;
        enum throttle_answer answer;
        int64_t left_ms = 0;

        answer = throttle_enter(gate->throttle, &pass->key, &now, &pass->attempt, &left_ms);
        if (answer == THROTTLE_OCCUPIED)
                return 0;
        waiting_remove(gate, call);
        pass->is_locked = answer == THROTTLE_LOCKED;
        pass->locked_until = now.wall_s + (left_ms + 999) / 1000;
        return pass->turn(call, answer == THROTTLE_ENTERED);
}

/* A call that goes on may end, itself and no other. */
static void gate_wake(void *context) {
        struct authority *authority = context;
        struct call *call = authority->gate.first, *next;
        int r;

        while (call) {
                next = call->pass.next;
                r = gate_try(call);
                if (r < 0)
                        call_fail(call, r);
                call = next;
        }
}

int gate_enter(struct call *call, const struct throttle_key *key, gate_turn *turn) {
        struct authority *authority = call->authority;
        int r;

        call->pass.key = *key;
        call->pass.turn = turn;
        r = loop_timer(authority->loop, &call->release, clock_monotonic_ms() + WAIT_MAX_MS,
                       waited_enough, call);
        if (r < 0)
                return r;
        waiting_add(&authority->gate, call);
        return gate_try(call);
}

void gate_leave(struct call *call, enum throttle_outcome outcome) {
        struct authority *authority = call->authority;
        struct gate *gate = &authority->gate;
        struct throttle_time now = time_now();

        if (!call->pass.attempt.pair)
                return;
        if (outcome == THROTTLE_UNJUDGED && call->pass.was_judged)
                outcome = THROTTLE_FAILED;
        throttle_end(gate->throttle, &call->pass.attempt, outcome, &now);
        authority->counts[COUNT_LOCKOUTS] += outcome == THROTTLE_FAILED;
        save_later(authority);
        if (gate->first)
                loop_timer(authority->loop, &gate->wake, now.monotonic_ms, gate_wake, authority);
}

void gate_forget(struct call *call) {
        if (call->pass.is_waiting)
                waiting_remove(&call->authority->gate, call);
        gate_leave(call, THROTTLE_FAILED);
}

/* ---- for administrators ---- */

int64_t gate_locked_until(const struct authority *authority, const char *user) {
        struct throttle_time now = time_now();
        int64_t left_ms = throttle_left_ms(authority->gate.throttle, user, &now);

        return left_ms > 0 ? now.wall_s + (left_ms + 999) / 1000 : 0;
}

uint64_t gate_count_locked(const struct authority *authority) {
        struct throttle_time now = time_now();

        return throttle_count_locked(authority->gate.throttle, &now);
}

void gate_unlock(struct authority *authority, const char *user) {
        throttle_unlock(authority->gate.throttle, user);
}
