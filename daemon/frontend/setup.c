/* What the parent sends before it says GO, and again at a reload: settings, and two descriptors. */
#include "frontend.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static int take_channel(struct frontend *frontend, struct frame *frame) {
        int r;

        if (frame->message.descriptor.process != PROCESS_AUTHORITY || frontend->authority.fd >= 0)
                return -EPROTO;
        r = channel_init(&frontend->authority, frame->fd, PROCESS_FRONTEND, PROCESS_AUTHORITY, 0);
        if (r == 0)
                frame->fd = -1;
        return r;
}

static int take_counts(struct frontend *frontend, const struct frame *frame) {
        uint64_t *page;
        int r;

        if (frontend->tally)
                return -EPROTO;
        r = counts_map(frame->fd, true, &page);
        if (r < 0)
                return r;
        frontend->tally = (struct tally *)page;
        tally_begin(frontend->tally);
        return 0;
}

static int take_descriptor(struct frontend *frontend, struct frame *frame) {
        switch (frame->message.descriptor.what) {
        case DESCRIPTOR_CHANNEL:
                return take_channel(frontend, frame);
        case DESCRIPTOR_KEYS_PAGE:
                closep(&frontend->keys.page_fd);
                frontend->keys.page_fd = take_fd(&frame->fd);
                return 0;
        case DESCRIPTOR_STATUS_PAGE:
                closep(&frontend->status_page_fd);
                frontend->status_page_fd = take_fd(&frame->fd);
                return 0;
        case DESCRIPTOR_COUNTS:
                return take_counts(frontend, frame);
        default:
                return -EPROTO;
        }
}

int frontend_take_setup(void *context, struct frame *frame) {
        struct frontend *frontend = context;

        switch (frame->type) {
        case MSG_SETUP_FRONTEND:
                frontend->incoming = frame->message.setup_frontend;
                return 0;
        case MSG_DESCRIPTOR:
                return take_descriptor(frontend, frame);
        default:
                return -EPROTO;
        }
}

int frontend_apply_setup(struct frontend *frontend) {
        const struct msg_setup_frontend *incoming = &frontend->incoming;

        if (incoming->max_connections == 0 || incoming->request_ms == 0 || incoming->idle_ms == 0 ||
            frontend->authority.fd < 0 || frontend->keys.page_fd < 0 ||
            frontend->status_page_fd < 0 || !frontend->tally) {
                log_error("the set-up is incomplete");
                return -EINVAL;
        }
        frontend->settings = *incoming;
        return 0;
}
