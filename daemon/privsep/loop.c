/* epoll(7) for descriptors, a binary heap for timers. An event that was fetched together with
 * others may come for a watch that one of those has removed, freed or set anew: so an event names a
 * slot and a generation, never an address, and is dropped when the slot has moved on. */
#include "loop.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

#include <sys/epoll.h>

#define EVENTS_A_TURN 64
#define ROOM_FIRST    16
#define SLOT_NONE     UINT32_MAX

struct slot {
        struct watch *watch; /* borrowed; NULL when free */
        uint32_t generation;
        uint32_t next_free;
};

struct loop {
        int epoll_fd;
        bool is_stopped;

        struct slot *slots;
        uint32_t slot_count, slot_room;
        uint32_t first_free;
        uint64_t generation; /* of the newest watch */

        struct timer **heap; /* borrowed timers; heap[0] is the next one due */
        uint32_t timer_count, timer_room;
};

int loop_new(struct loop **ret) {
        _cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));

        if (!loop)
                return -ENOMEM;
        loop->first_free = SLOT_NONE;
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll_fd < 0)
                return -errno;
        *ret = take(loop);
        return 0;
}

void loop_free(struct loop *loop) {
        if (!loop)
                return;
        closep(&loop->epoll_fd);
        free(loop->slots);
        free(loop->heap);
        free(loop);
}

/* The array with room for one more element behind `count`, or NULL; it stays as it is then. */
static void *room_for_one(void *array, uint32_t count, uint32_t *room, size_t size) {
        uint32_t more = *room ? *room * 2 : ROOM_FIRST;
        void *grown;

        if (count < *room)
                return array;
        grown = reallocarray(array, more, size);
        if (grown)
                *room = more;
        return grown;
}

/* ---- watches ---- */

static int slot_take(struct loop *loop, uint32_t *ret) {
        struct slot *slots;

        if (loop->first_free != SLOT_NONE) {
                *ret = loop->first_free;
                loop->first_free = loop->slots[*ret].next_free;
                return 0;
        }
        slots = room_for_one(loop->slots, loop->slot_count, &loop->slot_room, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        loop->slots = slots;
        *ret = loop->slot_count++;
        slots[*ret] = (struct slot){0};
        return 0;
}

static void slot_return(struct loop *loop, uint32_t slot) {
        loop->slots[slot].watch = NULL;
        loop->slots[slot].next_free = loop->first_free;
        loop->first_free = slot;
}

/* What epoll keeps for us: the slot, and which of its watches. The generation's lower half is
 * enough: no batch of events outlives four thousand million watches. */
static uint64_t event_key(const struct watch *watch) {
        return (uint64_t)watch->slot << 32 | (uint32_t)watch->generation;
}

static struct watch *event_watch(const struct loop *loop, uint64_t key) {
        const struct slot *slot = &loop->slots[key >> 32];

        return slot->generation == (uint32_t)key ? slot->watch : NULL;
}

static int watch_control(struct loop *loop, struct watch *watch, int operation) {
        struct epoll_event event = {.events = watch->events, .data.u64 = event_key(watch)};

        return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t events,
               void (*ready)(void *context, uint32_t events), void *context) {
        uint32_t slot;
        int r;

        r = slot_take(loop, &slot);
        if (r < 0)
                return r;
        *watch = (struct watch){
                .fd = fd,
                .events = events,
                .ready = ready,
                .context = context,
                .generation = ++loop->generation,
                .slot = slot,
        };
        r = watch_control(loop, watch, EPOLL_CTL_ADD);
        if (r < 0) {
                slot_return(loop, slot);
                return r;
        }
        loop->slots[slot].watch = watch;
        loop->slots[slot].generation = (uint32_t)watch->generation;
        watch->active = true;
        return 0;
}

int loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events) {
        uint32_t before = watch->events;
        int r;

        watch->events = events;
        r = watch_control(loop, watch, EPOLL_CTL_MOD);
        if (r < 0)
                watch->events = before;
        return r;
}

void loop_unwatch(struct loop *loop, struct watch *watch) {
        if (!watch->active)
                return;
        watch_control(loop, watch, EPOLL_CTL_DEL);
        slot_return(loop, watch->slot);
        watch->active = false;
}

/* ---- timers: a binary heap, each timer knows its place ---- */

static void heap_put(struct loop *loop, uint32_t index, struct timer *timer) {
        loop->heap[index] = timer;
        timer->heap_index = index + 1;
}

static void heap_rise(struct loop *loop, uint32_t index) {
        struct timer *timer = loop->heap[index];

        while (index > 0) {
                uint32_t parent = (index - 1) / 2;

                if (loop->heap[parent]->at_ms <= timer->at_ms)
                        break;
                heap_put(loop, index, loop->heap[parent]);
                index = parent;
        }
        heap_put(loop, index, timer);
}

static void heap_sink(struct loop *loop, uint32_t index) {
        struct timer *timer = loop->heap[index];

        for (;;) {
                uint32_t child = 2 * index + 1;

                if (child + 1 < loop->timer_count &&
                    loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
                        child++;
                if (child >= loop->timer_count || timer->at_ms <= loop->heap[child]->at_ms)
                        break;
                heap_put(loop, index, loop->heap[child]);
                index = child;
        }
        heap_put(loop, index, timer);
}

static void heap_settle(struct loop *loop, uint32_t index) {
        struct timer *timer = loop->heap[index];

        heap_rise(loop, index);
        heap_sink(loop, timer->heap_index - 1);
}

int loop_timer(struct loop *loop, struct timer *timer, int64_t at_ms, void (*due)(void *context),
               void *context) {
        struct timer **heap;

        if (!timer->heap_index) {
                heap = room_for_one(loop->heap, loop->timer_count, &loop->timer_room,
                                    sizeof(*heap));
                if (!heap)
                        return -ENOMEM;
                loop->heap = heap;
                heap_put(loop, loop->timer_count++, timer);
        }
        timer->at_ms = at_ms;
        timer->due = due;
        timer->context = context;
        heap_settle(loop, timer->heap_index - 1);
        return 0;
}

void loop_timer_unset(struct loop *loop, struct timer *timer) {
        uint32_t index = timer->heap_index - 1;
        struct timer *last;

        if (!timer->heap_index)
                return;
        timer->heap_index = 0;
        last = loop->heap[--loop->timer_count];
        if (last == timer)
                return;
        heap_put(loop, index, last);
        heap_settle(loop, index);
}

/* ---- the loop ---- */

static int wait_ms(const struct loop *loop) {
        return loop->timer_count > 0 ? clock_left_ms(loop->heap[0]->at_ms) : -1;
}

/* At most as many as were set before, so that a timer which sets itself for now does not keep the
 * descriptors waiting. */
static void timers_run(struct loop *loop) {
        int64_t now = clock_monotonic_ms();

        for (uint32_t left = loop->timer_count; left > 0; left--) {
                struct timer *timer = loop->timer_count > 0 ? loop->heap[0] : NULL;

                if (!timer || timer->at_ms > now || loop->is_stopped)
                        return;
                loop_timer_unset(loop, timer);
                timer->due(timer->context);
        }
}

static int events_run(struct loop *loop) {
        struct epoll_event events[EVENTS_A_TURN];
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_A_TURN, wait_ms(loop));

        if (count < 0)
                return errno == EINTR ? 0 : -errno;
        for (int i = 0; i < count && !loop->is_stopped; i++) {
                struct watch *watch = event_watch(loop, events[i].data.u64);

                if (watch)
                        watch->ready(watch->context, events[i].events);
        }
        return 0;
}

int loop_run(struct loop *loop) {
        int r = 0;

        while (r == 0 && !loop->is_stopped) {
                r = events_run(loop);
                timers_run(loop);
        }
        loop->is_stopped = false;
        return r;
}

void loop_stop(struct loop *loop) {
        loop->is_stopped = true;
}
