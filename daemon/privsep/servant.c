/* The whole life of a child that only answers the authority. Without an event loop: it waits on two
 * descriptors and does nothing else meanwhile. */
#include "servant.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "child.h"

#include <poll.h>

struct setup {
        const struct servant *servant;
        struct channel *authority;
};

static int setup_take(void *context, struct frame *frame) {
        const struct msg_descriptor *descriptor = &frame->message.descriptor;
        const struct setup *setup = context;
        struct channel *authority = setup->authority;
        int r;

        if (frame->type != MSG_DESCRIPTOR || descriptor->what != DESCRIPTOR_CHANNEL)
                return setup->servant->accept ? setup->servant->accept(frame) : -EPROTO;
        if (descriptor->process != PROCESS_AUTHORITY || authority->fd >= 0)
                return -EPROTO;
        r = channel_init(authority, frame->fd, authority->self, PROCESS_AUTHORITY, 0);
        if (r < 0)
                return r;
        take_fd(&frame->fd);
        return 0;
}

static int servant_confine(const struct servant *servant, int *filter_fd) {
        int folders[SERVANT_FOLDERS_MAX];

        if (servant->folders)
                return child_confine_reading_in(filter_fd, folders, servant->folders(folders));
        return servant->reads ? child_confine_reading(filter_fd, servant->reads)
                              : child_confine(filter_fd, servant->keeps_files);
}

static int servant_begin(const struct servant *servant, struct channel *control,
                         struct channel *authority) {
        struct setup setup = {servant, authority};
        int filter_fd = -1;
        int r;

        r = child_begin(servant->program, servant->self, control);
        if (r < 0)
                return r;
        r = child_setup_until_go(control, setup_take, &setup, &filter_fd);
        if (r < 0)
                return r;
        if (authority->fd < 0) {
                log_error("the set-up had no channel to the authority");
                closep(&filter_fd);
                return -EPROTO;
        }
        authority->phase = PHASE_RUNNING;
        r = servant->prepare ? servant->prepare() : 0;
        if (r < 0) {
                closep(&filter_fd);
                return r;
        }
        r = servant_confine(servant, &filter_fd);
        if (r < 0)
                return r;
        return channel_send(control, MSG_READY, 0, &(struct msg_ready){0}, -1);
}

/* Everything that is there. The receive that finds nothing more has wiped the last question. */
static int questions_answer(const struct servant *servant, struct channel *authority) {
        struct frame frame;
        int r;

        for (;;) {
                r = channel_receive(authority, &frame);
                if (r < 0)
                        return r;
                r = servant->answer(authority, &frame);
                closep(&frame.fd);
                if (r < 0)
                        return r;
                if (servant->is_for_one)
                        return -ECONNRESET; /* as if the other end had left */
        }
}

/* The parent tells a running servant what the permits let through, if anything; then comes the end.
 */
static int control_look(const struct servant *servant, struct channel *control) {
        struct frame frame;
        int r;

        for (;;) {
                r = channel_receive(control, &frame);
                if (r < 0)
                        return r;
                r = servant->accept ? servant->accept(&frame) : -EPROTO;
                closep(&frame.fd);
                if (r < 0)
                        return r;
        }
}

/* One turn: -EAGAIN when it is to go on. */
static int servant_turn(const struct servant *servant, struct channel *control,
                        struct channel *authority) {
        struct pollfd waits[] = {
                {.fd = control->fd, .events = POLLIN},
                {.fd = authority->fd, .events = POLLIN},
        };
        int r;

        if (channel_has_queued(authority))
                waits[1].events |= POLLOUT;
        if (poll(waits, ELEMENTS(waits), -1) < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        if (waits[0].revents) {
                r = control_look(servant, control);
                if (r != -EAGAIN)
                        return r;
        }
        if (waits[1].revents & POLLOUT) {
                r = channel_flush(authority);
                if (r < 0 && r != -EAGAIN)
                        return r;
        }
        return waits[1].revents ? questions_answer(servant, authority) : -EAGAIN;
}

static int servant_serve(const struct servant *servant, struct channel *control,
                         struct channel *authority) {
        int r;

        r = servant_begin(servant, control, authority);
        if (r < 0)
                return r;
        do
                r = servant_turn(servant, control, authority);
        while (r == -EAGAIN);
        if (r == -ECONNRESET || r == -EPIPE)
                return 0;
        log_error("gives up: %s", strerror(-r));
        return r;
}

int servant_run(const struct servant *servant) {
        struct channel control = {.fd = -1}, authority = {.fd = -1, .self = servant->self};
        int r;

        r = servant_serve(servant, &control, &authority);
        channel_clear(&authority);
        channel_clear(&control);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
