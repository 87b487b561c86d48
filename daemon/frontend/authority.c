/* The authority's channel: connections come from it, questions go to it, answers come back. Whoever
 * is at its other end is stronger than we are; what breaks the rules is not believed all the same.
 */
#include "frontend.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "connection.h"
#include "response.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define FRAMES_A_TURN 64

static void give_up(struct frontend *frontend, int reason) {
        if (reason == -ECONNRESET || reason == -EPIPE)
                log_notice("the authority is gone");
        else
                log_error("the authority's channel: %s", strerror(-reason));
        frontend->exit_status = 1;
        loop_stop(frontend->loop);
}

static int watch_queue(struct frontend *frontend) {
        uint32_t wanted = channel_has_queued(&frontend->authority) ? EPOLLIN | EPOLLOUT : EPOLLIN;

        if (wanted == frontend->authority_watch.events)
                return 0;
        return loop_rewatch(frontend->loop, &frontend->authority_watch, wanted);
}

int frontend_tell_authority(struct frontend *frontend, enum message_type type, uint64_t call,
                            const void *message) {
        int r;

        r = channel_send(&frontend->authority, type, call, message, -1);
        if (r == -EMSGSIZE)
                return r;
        if (r == 0)
                r = watch_queue(frontend);
        if (r < 0)
                give_up(frontend, r);
        return r;
}

void frontend_connection_ended(struct frontend *frontend, uint32_t number) {
        struct msg_connection_closed message = {.connection = number};

        frontend->connection_count--;
        frontend_tell_authority(frontend, MSG_CONNECTION_CLOSED, 0, &message);
        if (frontend->is_draining && frontend->connection_count == 0)
                loop_stop(frontend->loop);
}

/* One try, no waiting: whoever does not take a short answer at once gets none. */
static void turn_away(struct frontend *frontend, uint32_t number, int fd) {
        struct msg_connection_closed message = {.connection = number};
        struct text busy = response_busy();

        if (send(fd, busy.p, busy.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                log_debug("connection %u was turned away without a word", number);
        frontend_tell_authority(frontend, MSG_CONNECTION_CLOSED, 0, &message);
}

static void take_connection(struct frontend *frontend, struct frame *frame) {
        const struct msg_connection *said = &frame->message.connection;
        int r = -EBUSY;

        if (!frontend->is_draining &&
            frontend->connection_count < frontend->settings.max_connections)
                r = connection_open(frontend, said, frame->fd);
        if (r < 0)
                turn_away(frontend, said->connection, frame->fd);
        else
                frame->fd = -1;
}

/* Everything else that the table permits is an answer to some call. */
static int take_frame(struct frontend *frontend, struct frame *frame) {
        if (frame->type != MSG_CONNECTION)
                return call_take_answer(frontend, frame);
        take_connection(frontend, frame);
        return 0;
}

static int take_frames(struct frontend *frontend) {
        struct frame frame;
        int i, r;

        for (i = 0; i < FRAMES_A_TURN; i++) {
                r = channel_receive(&frontend->authority, &frame);
                if (r == -EAGAIN)
                        return 0;
                if (r < 0)
                        return r;
                r = take_frame(frontend, &frame);
                closep(&frame.fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void authority_ready(void *context, uint32_t events) {
        struct frontend *frontend = context;
        int r = 0;

        if (events & EPOLLOUT)
                r = channel_flush(&frontend->authority);
        if (r == -EAGAIN)
                r = 0;
        if (r == 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                r = take_frames(frontend);
        if (r == 0)
                r = watch_queue(frontend);
        if (r < 0)
                give_up(frontend, r);
}

int frontend_watch_authority(struct frontend *frontend) {
        frontend->authority.phase = PHASE_RUNNING;
        return loop_watch(frontend->loop, &frontend->authority_watch, frontend->authority.fd,
                          EPOLLIN, authority_ready, frontend);
}
