/* The way out. The socket's name goes first: whoever comes now learns at once that nobody is there,
 * instead of waiting in a queue that nobody reads. Frontends leave when their requests are
 * answered, the authority when all frontends have left, the others when we close their channel. */
#include "stop.h"

#include "../../common/clock.h"
#include "../../common/log.h"
#include "children.h"
#include "notify.h"

#define DRAIN_MS 10000
#define GRACE_MS 1000 /* beyond DRAIN_MS, and for those that only have to see their EOF */

static bool is_empty(const struct parent *parent) {
        size_t i;

        for (i = 0; i < parent->child_count; i++)
                if (parent->children[i].pid > 0)
                        return false;
        return true;
}

static void all_kill(void *context) {
        struct parent *parent = context;
        size_t i;

        for (i = 0; i < parent->child_count; i++) {
                if (parent->children[i].pid <= 0)
                        continue;
                log_warning("%s does not leave: killed", child_title(&parent->children[i]).text);
                kill(parent->children[i].pid, SIGKILL);
        }
}

static void deadline_set(struct parent *parent, int64_t in_ms) {
        if (loop_timer(parent->loop, &parent->deadline, clock_monotonic_ms() + in_ms, all_kill,
                       parent))
                all_kill(parent);
}

/* One that cannot be asked has lost its channel, and is about to end. */
static void drain(struct child *child) {
        const struct msg_drain message = {.within_ms = DRAIN_MS};

        if (child->pid > 0 && child->program->holds_connections &&
            channel_send(&child->control, MSG_DRAIN, 0, &message, -1))
                kill(child->pid, SIGKILL);
}

static void controls_close(struct parent *parent) {
        size_t i;

        for (i = 0; i < parent->child_count; i++) {
                struct child *child = &parent->children[i];

                loop_unwatch(parent->loop, &child->watch);
                channel_clear(&child->control);
        }
        deadline_set(parent, GRACE_MS);
}

static void begin(struct parent *parent) {
        size_t i;

        log_info("stopping: requests in flight are finished");
        parent->is_stopping = true;
        notify_stopping();
        listener_close(&parent->local);
        listener_close(&parent->web);
        listener_close(&parent->credentials);
        loop_timer_unset(parent->loop, &parent->restart);
        for (i = 0; i < parent->child_count; i++) {
                loop_timer_unset(parent->loop, &parent->children[i].timer);
                drain(&parent->children[i]);
        }
        deadline_set(parent, DRAIN_MS + GRACE_MS);
}

void stop(struct parent *parent) {
        if (parent->is_stopping)
                all_kill(parent);
        else
                begin(parent);
        if (is_empty(parent))
                loop_stop(parent->loop);
}

void stop_child_ended(struct parent *parent, const struct child *child) {
        if (is_empty(parent))
                loop_stop(parent->loop);
        else if (child->program->process == PROCESS_AUTHORITY)
                controls_close(parent);
}
