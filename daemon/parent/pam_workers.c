/* PAM workers: started when the authority asks for one, ended in time with all that they started.
 *
 * Modules may start processes, which may start others and leave their session and group. As a
 * subreaper (prctl(2)) the parent becomes the parent of all that outlive their worker: it has no
 * other children that it does not know. */
#include "pam_workers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "children.h"
#include "sources.h"
#include "supervise.h"

#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ORPHANS_MS 1000

int pam_workers_prepare(const struct parent *parent) {
        if (!sources_have_pam(parent->settings))
                return 0;
        return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* An authority that cannot be told is about to end, and all are started anew. */
static void authority_tell(struct child *child) {
        struct child *authority = child_find(child->parent, PROCESS_AUTHORITY, 0);
        struct msg_pam_state message = {
                .instance = child->instance,
                .pid = (uint32_t)child->pid,
        };

        if (authority->pid > 0 &&
            channel_send(&authority->control, MSG_PAM_STATE, 0, &message, -1) < 0)
                log_warning("the authority cannot be told about %s", child_title(child).text);
}

/* It is our child until it is reaped: its pid is nobody else's. */
static void overdue(void *context) {
        struct child *child = context;
        const struct source *source = &child->parent->settings->sources[child->source];

        log_warning("%s has asked %s for %u s: killed", child_title(child).text, source->name,
                    (unsigned)source->timeout_s);
        kill(child->pid, SIGKILL);
}

static int deadline_set(struct child *child) {
        const struct parent *parent = child->parent;
        int64_t within_ms = (int64_t)parent->settings->sources[child->source].timeout_s * 1000;

        return loop_timer(parent->loop, &child->timer, clock_monotonic_ms() + within_ms, overdue,
                          child);
}

static bool is_pam(const struct settings *settings, uint32_t source) {
        return source < settings->source_count &&
               source_kind(&settings->sources[source]) == SOURCE_PAM;
}

int pam_worker_start(struct parent *parent, const struct msg_pam_start *message) {
        struct child *child = child_find(parent, PROCESS_PAM, message->instance);
        int r;

        if (!child || child->pid > 0 || !is_pam(parent->settings, message->source))
                return -EPROTO;
        child->source = message->source;
        r = child_start(child);
        if (r == 0)
                r = child_watch(child);
        if (r == 0)
                r = deadline_set(child);
        if (r < 0 && child->pid > 0)
                kill(child->pid, SIGKILL); /* its end is told when it is reaped */
        else
                authority_tell(child);
        return 0;
}

void pam_worker_ended(struct child *child) {
        authority_tell(child);
}

void pam_orphans_kill(struct parent *parent) {
        _cleanup_(fclosep) FILE *file = NULL;
        char path[64];
        int pid;

        if (!parent->settings || !sources_have_pam(parent->settings))
                return;
        snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        file = fopen(path, "re");
        while (file && fscanf(file, "%d", &pid) == 1)
                if (!child_with_pid(parent, pid))
                        kill(pid, SIGKILL);
}

/* Those of one that was killed are ours then: again, until there is none. */
void pam_orphans_end(struct parent *parent) {
        int64_t deadline = clock_monotonic_ms() + ORPHANS_MS;
        bool is_time_left = true;
        pid_t pid = 0;

        while (pid >= 0 && is_time_left) {
                pam_orphans_kill(parent);
                pid = waitpid(-1, NULL, WNOHANG);
                if (pid == 0)
                        poll(NULL, 0, 5);
                is_time_left = clock_left_ms(deadline) > 0;
        }
}
