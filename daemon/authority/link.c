/* A channel on the event loop: reads whole frames, writes what was queued, and notices when the
 * other process is gone or breaks the rules. Knows no message. */
#include "link.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "authority.h"

#include <errno.h>
#include <sys/epoll.h>

/* Frames taken in one turn, so that one busy process does not keep the others waiting. */
#define FRAMES_A_TURN 64

#define RETRY_MS 20

/* Who has closed its channel is about to end. One that has not, and was not replaced, is killed:
 * nobody could reach it any more. */
#define AWAY_MS 2000

/* Up, or down with lost() still to follow. */
static bool link_is_open(const struct link *link) {
        return link->channel.buffer;
}

static void link_overdue(void *context) {
        struct link *link = context;

        if (!link->authority->draining)
                authority_breach(link->authority, link->channel.peer, link->channel.instance);
}

static void link_expect_another(struct link *link) {
        struct loop *loop = link->authority->loop;

        if (loop_timer(loop, &link->away, clock_monotonic_ms() + AWAY_MS, link_overdue, link) < 0)
                authority_give_up(link->authority);
}

static void link_drop(struct link *link, int reason) {
        struct authority *authority = link->authority;
        enum process peer = link->channel.peer;
        uint32_t instance = link->channel.instance;

        link_close(link);
        if (reason == -EPROTO || reason == -ENOBUFS) {
                authority_breach(authority, peer, instance);
        } else if (!authority->draining) {
                log_warning("the channel to %s %u is closed", process_name(peer), instance);
                link_expect_another(link);
        }
        link->lost(authority, link);
}

static void link_end(void *context) {
        struct link *link = context;

        link_drop(link, link->reason);
}

/* What came over the channel is still being read by the caller of our caller: it is closed later.
 */
static void link_fail(struct link *link, int reason) {
        struct loop *loop = link->authority->loop;

        link->up = false;
        link->reason = reason;
        loop_unwatch(loop, &link->watch);
        loop_timer_unset(loop, &link->retry);
        if (loop_timer(loop, &link->end, clock_monotonic_ms(), link_end, link) < 0)
                authority_give_up(link->authority);
}

static void link_retry(void *context);

static int link_retry_later(struct link *link) {
        struct loop *loop = link->authority->loop;

        if (link->retry.heap_index != 0)
                return 0;
        return loop_timer(loop, &link->retry, clock_monotonic_ms() + RETRY_MS, link_retry, link);
}

/* What is queued is sent when the peer has read, or after a pause. */
static int link_watch_events(struct link *link) {
        bool is_stuck = channel_is_stuck(&link->channel);
        uint32_t events = EPOLLIN;
        int r = 0;

        if (channel_has_queued(&link->channel) && !is_stuck)
                events |= EPOLLOUT;
        if (events != link->watch.events)
                r = loop_rewatch(link->authority->loop, &link->watch, events);
        return r == 0 && is_stuck ? link_retry_later(link) : r;
}

static int link_flush(struct link *link) {
        int r = channel_flush(&link->channel);

        return r == -EAGAIN ? 0 : r;
}

static void link_retry(void *context) {
        struct link *link = context;
        int r = link_flush(link);

        if (r == 0)
                r = link_watch_events(link);
        if (r < 0)
                link_drop(link, r);
}

static int link_hear_frames(struct link *link) {
        struct frame frame;
        int i, r;

        for (i = 0; i < FRAMES_A_TURN && link->up; i++) {
                r = channel_receive(&link->channel, &frame);
                if (r == -EAGAIN)
                        return 0;
                if (r < 0)
                        return r;
                r = link->hear(link->authority, link, &frame);
                closep(&frame.fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void link_ready(void *context, uint32_t events) {
        struct link *link = context;
        int r = 0;

        if (events & EPOLLOUT)
                r = link_flush(link);
        if (r == 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                r = link_hear_frames(link);
        if (r == 0 && link->up)
                r = link_watch_events(link);
        if (r < 0 && link->up)
                link_drop(link, r);
}

int link_open(struct authority *authority, struct link *link, int fd, enum process peer,
              uint32_t instance, link_hear *hear, link_lost *lost) {
        int r;

        loop_timer_unset(authority->loop, &link->away);
        if (link_is_open(link)) {
                link_close(link);
                link->lost(authority, link);
        }
        r = channel_init(&link->channel, fd, PROCESS_AUTHORITY, peer, instance);
        if (r < 0)
                return r;
        link->channel.phase = PHASE_RUNNING;
        link->authority = authority;
        link->hear = hear;
        link->lost = lost;
        r = loop_watch(authority->loop, &link->watch, fd, EPOLLIN, link_ready, link);
        if (r < 0) {
                channel_clear(&link->channel);
                return r;
        }
        link->up = true;
        return 0;
}

/* Whether it was about the one frame: too long, or no descriptor of ours left for its copy. */
static bool is_of_frame(int error, bool has_fd) {
        return error == -EMSGSIZE ||
               (has_fd && (error == -EMFILE || error == -ENFILE || error == -ENOMEM));
}

int link_send(struct link *link, enum message_type type, uint64_t call, const void *message,
              int fd) {
        int r;

        if (!link->up)
                return -EPIPE;
        r = channel_send(&link->channel, type, call, message, fd);
        if (is_of_frame(r, fd >= 0))
                return r;
        if (r == 0)
                r = link_watch_events(link);
        if (r < 0) {
                link_fail(link, r);
                return -EPIPE;
        }
        return 0;
}

void link_hear_last(struct link *link) {
        int r = link->up ? link_hear_frames(link) : 0;

        if (r == -EPROTO && link->up)
                link_drop(link, r);
}

void link_close(struct link *link) {
        if (!link_is_open(link))
                return;
        link->up = false;
        loop_timer_unset(link->authority->loop, &link->end);
        loop_timer_unset(link->authority->loop, &link->retry);
        loop_unwatch(link->authority->loop, &link->watch);
        channel_clear(&link->channel);
}
