/* The children run; the parent waits for one of them to end, for the few messages that it takes
 * from them, and for signals. A child that ends is replaced, under a rate; when the authority or
 * the signer ends, all are. */
#include "supervise.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "children.h"
#include "notify.h"
#include "pam_workers.h"
#include "reload.h"
#include "stop.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define END_MS 1000 /* from closing the control channel to the end */

static void control_ready(void *context, uint32_t events);

int child_watch(struct child *child) {
        return loop_watch(child->parent->loop, &child->watch, child->control.fd, EPOLLIN,
                          control_ready, child);
}

static void children_watch(struct parent *parent) {
        size_t i;
        int r;

        for (i = 0; i < parent->child_count; i++) {
                if (parent->children[i].pid == 0)
                        continue;
                r = child_watch(&parent->children[i]);
                if (r)
                        log_error("%s cannot be watched: %s", parent->children[i].program->name,
                                  strerror(-r));
        }
}

/* ---- one child anew ---- */

static void respawn_later(struct child *child);

static void ready_overdue(void *context) {
        struct child *child = context;

        log_warning("%s does not get ready: killed", child_title(child).text);
        kill(child->pid, SIGKILL);
}

static int ready_expect(struct child *child) {
        return loop_timer(child->parent->loop, &child->timer, clock_monotonic_ms() + READY_MS,
                          ready_overdue, child);
}

/* Nobody waits for it; but one that never comes is as good as dead. */
static void respawn_now(void *context) {
        struct child *child = context;

        if (child_start(child))
                respawn_later(child);
        else if (child_watch(child) || ready_expect(child))
                kill(child->pid, SIGKILL);
}

static void respawn_later(struct child *child) {
        int64_t now = clock_monotonic_ms();
        int64_t wait = rate_charge(&child->rate, now);
        int r;

        if (wait > 0)
                log_warning("%s ends again and again: started anew in %d ms", child->program->name,
                            (int)wait);
        r = loop_timer(child->parent->loop, &child->timer, now + wait, respawn_now, child);
        if (r)
                log_error("%s cannot be started anew: %s", child->program->name, strerror(-r));
}

/* Who has a timer is started by it, and where all are to be, this one is among them. */
void children_start_wanted(struct parent *parent) {
        size_t i;

        for (i = 0; !parent->restart.heap_index && i < parent->child_count; i++) {
                struct child *child = &parent->children[i];

                if (child_is_wanted(child) && child->pid == 0 && !child->timer.heap_index)
                        respawn_now(child);
        }
}

/* ---- all anew ---- */

static void restart_later(struct parent *parent);

/* The pages as well: one that was cut has ended its writer by SIGBUS, and would again. */
static void restart_now(void *context) {
        struct parent *parent = context;

        page_files_renew(parent->places.fd[PLACE_RUN], &parent->pages);
        if (children_start(parent)) {
                restart_later(parent);
                return;
        }
        children_watch(parent);
        log_notice("all processes run again");
}

static void restart_later(struct parent *parent) {
        struct child *authority = child_find(parent, PROCESS_AUTHORITY, 0);
        int64_t now = clock_monotonic_ms();
        int64_t wait = rate_charge(&authority->rate, now);
        int r;

        children_kill(parent);
        pam_orphans_end(parent);
        if (wait > 0)
                log_warning("all processes are started anew in %d ms", (int)wait);
        r = loop_timer(parent->loop, &parent->restart, now + wait, restart_now, parent);
        if (r)
                log_error("the processes cannot be started anew: %s", strerror(-r));
}

/* ---- ends ---- */

static bool end_is_news(const struct child *child, int status) {
        bool is_expected = child->parent->is_stopping || child->program->is_on_demand;

        return !is_expected || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Returns whether nothing can go on without it. */
static bool child_ended(struct child *child, int status) {
        struct parent *parent = child->parent;

        if (end_is_news(child, status))
                log_warning("%s ended: %s", child_title(child).text, child_end_text(status).text);
        child_forget(child);
        if (!parent->is_stopping && !child->program->is_on_demand)
                count_pages_ended(&parent->counts, child->program->process);
        if (child->program->is_on_demand)
                pam_worker_ended(child);
        if (parent->is_stopping)
                stop_child_ended(parent, child);
        else if (!child->program->is_on_demand && !child->program->is_vital)
                respawn_later(child);
        return !parent->is_stopping && child->program->is_vital;
}

/* A process without a place is a worker that was replaced. */
static void children_reap(struct parent *parent) {
        bool is_vital = false;
        struct child *child;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                child = child_with_pid(parent, pid);
                if (child && child_ended(child, status))
                        is_vital = true;
                pam_orphans_kill(parent);
        }
        if (is_vital)
                restart_later(parent);
}

/* ---- what children say ---- */

static int take_ready(struct child *child, const union message *message) {
        (void)message;
        if (!child->program->is_on_demand) /* of those it is for all that they do */
                loop_timer_unset(child->parent->loop, &child->timer);
        child->control.phase = PHASE_RUNNING;
        return 0;
}

static int take_breach(struct child *child, const union message *message) {
        struct child *breaker =
                child_find(child->parent, message->breach.process, message->breach.instance);

        if (!breaker)
                return -EPROTO;
        if (breaker->pid > 0 && breaker->start == message->breach.start) {
                log_error("%s %s: killed", child_title(breaker).text,
                          message->breach.is_overdue ? "did not answer in time"
                                                     : "broke the rules of its channel");
                kill(breaker->pid, SIGKILL);
        }
        return 0;
}

/* The new one first, so that the authority is never short of a worker for longer than a frame. What
 * the old one knows ends with it: an EOF would be only a request. */
static int take_retire(struct child *child, const union message *message) {
        struct child *worker = child_find(child->parent, PROCESS_WORKER, message->retire.instance);
        pid_t old;

        if (!worker)
                return -EPROTO;
        if (worker->pid == 0 || worker->start != message->retire.start)
                return 0;
        old = worker->pid;
        child_forget(worker);
        respawn_now(worker);
        kill(old, SIGKILL);
        return 0;
}

static int take_pam_start(struct child *child, const union message *message) {
        return pam_worker_start(child->parent, &message->pam_start);
}

static int (*const takes[MSG_COUNT])(struct child *, const union message *) = {
        [MSG_READY] = take_ready,
        [MSG_BREACH] = take_breach,
        [MSG_RETIRE] = take_retire,
        [MSG_PAM_START] = take_pam_start,
};

static int frames_take(struct child *child) {
        struct frame frame;
        int r;

        while ((r = channel_receive(&child->control, &frame)) == 0) {
                r = takes[frame.type] ? takes[frame.type](child, &frame.message) : -EPROTO;
                if (r)
                        return r;
        }
        return r;
}

static void end_overdue(void *context) {
        struct child *child = context;

        log_warning("%s closed its control channel and lives on: killed", child_title(child).text);
        kill(child->pid, SIGKILL);
}

/* A child closes its control channel when it is about to end. */
static void end_expect(struct child *child) {
        struct parent *parent = child->parent;

        if (loop_timer(parent->loop, &child->timer, clock_monotonic_ms() + END_MS, end_overdue,
                       child))
                kill(child->pid, SIGKILL);
}

static void control_ready(void *context, uint32_t events) {
        struct child *child = context;
        int r;

        (void)events;
        r = frames_take(child);
        if (r == -EAGAIN)
                return;
        loop_unwatch(child->parent->loop, &child->watch);
        if (r == -ECONNRESET) {
                end_expect(child);
                return;
        }
        log_error("%s broke the rules of its control channel: killed", child_title(child).text);
        kill(child->pid, SIGKILL);
}

/* ---- signals ---- */

static void signal_take(struct parent *parent, int number) {
        if (number == SIGCHLD)
                children_reap(parent);
        else if (number == SIGHUP && !parent->is_stopping)
                reload(parent);
        else if (number == SIGTERM || number == SIGINT)
                stop(parent);
}

static void signals_ready(void *context, uint32_t events) {
        struct parent *parent = context;
        struct signalfd_siginfo info;

        (void)events;
        while (read(parent->signals, &info, sizeof info) == (ssize_t)sizeof info)
                signal_take(parent, (int)info.ssi_signo);
}

int supervise_init(struct parent *parent) {
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        if (sigaction(SIGPIPE, &ignore, NULL) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        parent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (parent->signals < 0)
                return -errno;
        return loop_new(&parent->loop);
}

int supervise_run(struct parent *parent) {
        int r;

        r = loop_watch(parent->loop, &parent->signals_watch, parent->signals, EPOLLIN,
                       signals_ready, parent);
        if (r)
                return r;
        children_watch(parent);
        return loop_run(parent->loop);
}

void supervise_clear(struct parent *parent) {
        if (parent->loop)
                loop_unwatch(parent->loop, &parent->signals_watch);
        loop_freep(&parent->loop);
        closep(&parent->signals);
}
