/* What the parent says, before and after the start. */
#include "control.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "accept.h"
#include "audit.h"
#include "frontends.h"
#include "issuers.h"
#include "naming.h"
#include "sessions.h"
#include "signing.h"
#include "units.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static int keep_fd(int *place, struct frame *frame) {
        closep(place);
        *place = take_fd(&frame->fd);
        return 0;
}

static int join_link(struct authority *authority, const struct msg_descriptor *said, int fd) {
        switch (said->process) {
        case PROCESS_FRONTEND:
                return frontends_join(authority, said->instance, fd);
        case PROCESS_SIGNER:
                return signing_join(authority, fd);
        case PROCESS_WORKER:
                return workers_join(authority, said->instance, fd);
        case PROCESS_NAMES:
                return naming_join(authority, fd);
        case PROCESS_UNITS:
                return units_join(authority, fd);
        case PROCESS_ISSUER:
                return issuers_join(authority, fd);
        case PROCESS_PAM:
                return conversations_join(authority, said->instance, fd);
        default:
                return -EPROTO;
        }
}

static int join(struct authority *authority, const struct msg_descriptor *said, int fd) {
        int r = join_link(authority, said, fd);

        if (r == 0 && said->instance < WORKERS_MAX)
                authority->starts[said->process][said->instance] = said->start;
        return r;
}

static int map_counts(struct authority *authority, const struct frame *frame) {
        uint32_t number = frame->message.descriptor.instance;
        uint64_t *page = NULL;
        int r;

        if (number >= COUNTS_SHARED || authority->counts_pages[number])
                return -EPROTO;
        r = counts_map(frame->fd, false, &page);
        authority->counts_pages[number] = page;
        return r;
}

static int take_descriptor(struct authority *authority, struct frame *frame) {
        const struct msg_descriptor *said = &frame->message.descriptor;

        switch (said->what) {
        case DESCRIPTOR_LISTEN:
                return keep_fd(&authority->listeners[LISTENER_LOCAL].fd, frame);
        case DESCRIPTOR_LISTEN_WEB:
                return keep_fd(&authority->listeners[LISTENER_WEB].fd, frame);
        case DESCRIPTOR_LISTEN_CREDENTIALS:
                return keep_fd(&authority->listeners[LISTENER_CREDENTIALS].fd, frame);
        case DESCRIPTOR_DB_DIR:
                return keep_fd(&authority->db_dir, frame);
        case DESCRIPTOR_TOKENS_DIR:
                return keep_fd(&authority->tokens_dir, frame);
        case DESCRIPTOR_KEYS_PAGE:
                return keep_fd(&authority->keys_page_fd, frame);
        case DESCRIPTOR_STATUS_PAGE:
                return keep_fd(&authority->status_page_fd, frame);
        case DESCRIPTOR_JOURNAL:
        case DESCRIPTOR_AUDIT_FILE:
                return audit_take_descriptor(authority->audit, said->what, take_fd(&frame->fd));
        case DESCRIPTOR_COUNTS:
                return map_counts(authority, frame);
        case DESCRIPTOR_CHANNEL:
                return join(authority, said, take_fd(&frame->fd));
        default:
                return -EPROTO;
        }
}

int control_take_setup(void *context, struct frame *frame) {
        struct authority *authority = context;

        if (frame->type == MSG_DESCRIPTOR)
                return take_descriptor(authority, frame);
        return settings_take(&authority->incoming, frame);
}

static int control_reload(struct authority *authority) {
        if (!authority->incoming)
                return -EPROTO;
        settings_unref(authority->settings);
        authority->settings = take(authority->incoming);
        log_info("the new settings are in force");
        return sessions_take_settings(authority);
}

/* No new callers; those who are here get their answers. */
static int control_drain(struct authority *authority) {
        authority->draining = true;
        accept_stop(authority);
        if (!frontends_any_up(authority))
                loop_stop(authority->loop);
        return 0;
}

static int control_take(struct authority *authority, struct frame *frame) {
        switch (frame->type) {
        case MSG_GO:
                return control_reload(authority);
        case MSG_DRAIN:
                return control_drain(authority);
        case MSG_PAM_STATE:
                return conversations_take_state(authority, &frame->message.pam_state);
        default:
                return control_take_setup(authority, frame);
        }
}

static void control_ready(void *context, uint32_t events) {
        struct authority *authority = context;
        struct frame frame;
        int r;

        (void)events;
        do {
                r = channel_receive(&authority->control, &frame);
                if (r == 0) {
                        r = control_take(authority, &frame);
                        closep(&frame.fd);
                }
        } while (r == 0);
        if (r == -EAGAIN)
                return;
        if (r != -ECONNRESET)
                log_error("the parent's message could not be taken: %s", strerror(-r));
        authority_give_up(authority);
}

int control_start(struct authority *authority) {
        return loop_watch(authority->loop, &authority->control_watch, authority->control.fd,
                          EPOLLIN, control_ready, authority);
}
