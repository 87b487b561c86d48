/* One thread's event loop: descriptors and timers, each with a function to call. epoll(7) beneath.
 */
#ifndef JETON_PRIVSEP_LOOP_H
#define JETON_PRIVSEP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* Embedded in what it watches; zeroed before loop_watch(). */
struct watch {
        int fd; /* borrowed: closed by its owner after loop_unwatch() */
        uint32_t events;
        void (*ready)(void *context, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
        void *context;
        bool active;
        uint64_t generation; /* loop.c: guards against an event of a watch that is gone */
        uint32_t slot;
};

/* Embedded likewise; a zeroed timer is unset. */
struct timer {
        int64_t at_ms; /* clock_monotonic_ms() */
        void (*due)(void *context);
        void *context;
        uint32_t heap_index; /* loop.c: 1-based, 0 when unset */
};

int loop_new(struct loop **ret);
void loop_free(struct loop *loop);

static inline void loop_freep(struct loop **loop) {
        loop_free(*loop);
        *loop = NULL;
}

/* Level-triggered. `ready` may unwatch and free its own or any other watch. 0 or -errno. */
int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t events,
               void (*ready)(void *context, uint32_t events), void *context);
/* Changes the events. 0 or -errno. */
int loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events);
/* An inactive watch is fine. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Sets or moves a timer; one shot. 0 or -ENOMEM. */
int loop_timer(struct loop *loop, struct timer *timer, int64_t at_ms, void (*due)(void *context),
               void *context);
void loop_timer_unset(struct loop *loop, struct timer *timer);

/* Runs until loop_stop(). 0 or -errno of epoll_wait(2). */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
