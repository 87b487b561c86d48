/* The parent's channel while the frontend runs: new settings, and the order to finish. */
#include "frontend.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "connection.h"

#include <sys/epoll.h>

static void drain_due(void *context) {
        struct frontend *frontend = context;

        log_notice("%u connections did not finish in time", frontend->connection_count);
        loop_stop(frontend->loop);
}

/* Draining one connection may free it, and no other. */
static int drain(struct frontend *frontend, uint32_t within_ms) {
        struct connection *connection, *next;

        frontend->is_draining = true;
        for (connection = frontend->connections; connection; connection = next) {
                next = connection->next;
                connection_drain(connection);
        }
        if (frontend->connection_count == 0) {
                loop_stop(frontend->loop);
                return 0;
        }
        return loop_timer(frontend->loop, &frontend->drain_deadline,
                          clock_monotonic_ms() + within_ms, drain_due, frontend);
}

static int take_order(struct frontend *frontend, struct frame *frame) {
        switch (frame->type) {
        case MSG_GO:
                return frontend_apply_setup(frontend);
        case MSG_DRAIN:
                return drain(frontend, frame->message.drain.within_ms);
        default:
                return frontend_take_setup(frontend, frame);
        }
}

/* One frame a turn: there are few. The end of this channel is the end of the parent. */
static void control_ready(void *context, uint32_t events) {
        struct frontend *frontend = context;
        struct frame frame;
        int r;

        (void)events;
        r = channel_receive(&frontend->control, &frame);
        if (r == -EAGAIN)
                return;
        if (r == 0) {
                r = take_order(frontend, &frame);
                closep(&frame.fd);
        }
        if (r == 0)
                return;
        if (r != -ECONNRESET)
                log_error("the control channel: %s", strerror(-r));
        frontend->exit_status = r == -ECONNRESET ? 0 : 1;
        loop_stop(frontend->loop);
}

int frontend_watch_control(struct frontend *frontend) {
        return loop_watch(frontend->loop, &frontend->control_watch, frontend->control.fd, EPOLLIN,
                          control_ready, frontend);
}
