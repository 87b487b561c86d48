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

/* Up, or down with lost() still to follow. */
static bool link_is_open(const struct link *link) {
        return link->channel.buffer;
}

static void link_drop(struct link *link, int reason) {
        struct authority *authority = link->authority;
        enum process peer = link->channel.peer;
        uint32_t instance = link->channel.instance;

        if (reason == -EPROTO || reason == -ENOBUFS)
                authority_breach(authority, peer, instance);
        else if (!authority->draining)
                log_warning("the channel to %s %u is closed", process_name(peer), instance);
        link_close(link);
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
        if (loop_timer(loop, &link->end, clock_monotonic_ms(), link_end, link) < 0)
                authority_give_up(link->authority);
}

static int link_watch_events(struct link *link) {
        uint32_t events = EPOLLIN;

        if (channel_has_queued(&link->channel))
                events |= EPOLLOUT;
        if (events == link->watch.events)
                return 0;
        return loop_rewatch(link->authority->loop, &link->watch, events);
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

        if (events & EPOLLOUT) {
                r = channel_flush(&link->channel);
                if (r == -EAGAIN)
                        r = 0;
        }
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

int link_send(struct link *link, enum message_type type, uint32_t call, const void *message,
              int fd) {
        int r;

        if (!link->up)
                return -EPIPE;
        r = channel_send(&link->channel, type, call, message, fd);
        if (r == -EMSGSIZE)
                return r;
        if (r == 0)
                r = link_watch_events(link);
        if (r < 0) {
                link_fail(link, r);
                return -EPIPE;
        }
        return 0;
}

void link_close(struct link *link) {
        if (!link_is_open(link))
                return;
        link->up = false;
        loop_timer_unset(link->authority->loop, &link->end);
        loop_unwatch(link->authority->loop, &link->watch);
        channel_clear(&link->channel);
}
