/* The children: which program, under whose uid, how many, started how. What each is sent is in
 * setup.c; what becomes of them later in supervise.c. */
#include "children.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "setup.h"
#include "sources.h"
#include "spawn.h"

#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#define END_MS 1000

static uint32_t one(const struct settings *settings) {
        (void)settings;
        return 1;
}

static uint32_t workers(const struct settings *settings) {
        return settings->workers;
}

/* The instances are the classes, and the web's is the last of them. */
static uint32_t frontends(const struct settings *settings) {
        return settings->has_web ? CLASS_COUNT : CLASS_WEB;
}

static uint32_t pam_workers(const struct settings *settings) {
        return sources_have_pam(settings) ? settings->pam_workers : 0;
}

/* In the order of their start: the signer publishes the keys that the others verify with, and the
 * authority is given a channel to each of the others. */
static const struct program programs[] = {
        {PROCESS_SIGNER, "jetond-signer", ACCOUNT_SIGNER, one, .is_vital = true,
         .locks_memory = true},
        {PROCESS_NAMES, "jetond-names", ACCOUNT_WORKER, one, .is_vital = false},
        {PROCESS_UNITS, "jetond-units", ACCOUNT_WORKER, one, .is_vital = false},
        {PROCESS_ISSUER, "jetond-issuer", ACCOUNT_WORKER, one, .is_vital = false},
        {PROCESS_WORKER, "jetond-worker", ACCOUNT_WORKER, workers, .is_vital = false},
        {PROCESS_FRONTEND, "jetond-frontend", ACCOUNT_FRONTEND, frontends,
         .holds_connections = true},
        {PROCESS_AUTHORITY, "jetond-authority", ACCOUNT_AUTHORITY, one, .is_vital = true,
         .holds_connections = true, .holds_processes = true},
        {PROCESS_PAM, "jetond-pam", ACCOUNT_OWN, pam_workers, .is_on_demand = true},
};

/* For modules that are not ours, and for what they start. */
static const struct spawn_limit pam_limits[] = {
        {RLIMIT_NOFILE, 256},
        {RLIMIT_CPU, 15},
#ifndef JETON_SANITIZED
        {RLIMIT_AS, (rlim_t)1024 * 1024 * 1024},
#endif
};

static void child_init(struct child *child, struct parent *parent, const struct program *program,
                       uint32_t instance) {
        *child = (struct child){
                .program = program,
                .instance = instance,
                .control = {.fd = -1},
                .authority_end = -1,
                .parent = parent,
        };
}

int children_new(struct parent *parent) {
        size_t count = 0, i;
        uint32_t instance;

        for (i = 0; i < ELEMENTS(programs); i++)
                count += programs[i].instances(parent->settings);
        parent->children = calloc(count, sizeof *parent->children);
        if (!parent->children)
                return -ENOMEM;
        for (i = 0; i < ELEMENTS(programs); i++)
                for (instance = 0; instance < programs[i].instances(parent->settings); instance++)
                        child_init(&parent->children[parent->child_count++], parent, &programs[i],
                                   instance);
        return 0;
}

int children_check(const struct parent *parent) {
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(programs); i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s/%s", parent->options.programs, programs[i].name) < 0)
                        return -ENOMEM;
                if (access(path, X_OK) == 0)
                        continue;
                r = -errno;
                log_error("%s: %s; --programs DIR says where the programs are", path, strerror(-r));
                return r;
        }
        return 0;
}

void children_free(struct parent *parent) {
        size_t i;

        for (i = 0; i < parent->child_count; i++)
                child_forget(&parent->children[i]);
        freep(&parent->children);
        parent->child_count = 0;
}

struct child *child_find(struct parent *parent, enum process process, uint32_t instance) {
        size_t i;

        for (i = 0; i < parent->child_count; i++) {
                struct child *child = &parent->children[i];

                if (child->program->process == process && child->instance == instance)
                        return child;
        }
        return NULL;
}

struct child *child_with_pid(struct parent *parent, pid_t pid) {
        size_t i;

        for (i = 0; i < parent->child_count; i++)
                if (parent->children[i].pid == pid)
                        return &parent->children[i];
        return NULL;
}

struct child_text child_title(const struct child *child) {
        struct child_text title;

        if (child->program->instances(child->parent->settings) > 1)
                snprintf(title.text, sizeof title.text, "%s %u (pid %d)", child->program->name,
                         (unsigned)child->instance, (int)child->pid);
        else
                snprintf(title.text, sizeof title.text, "%s (pid %d)", child->program->name,
                         (int)child->pid);
        return title;
}

struct child_text child_end_text(int status) {
        struct child_text end;

        if (WIFEXITED(status))
                snprintf(end.text, sizeof end.text, "exit status %d", WEXITSTATUS(status));
        else if (WTERMSIG(status) == SIGSYS)
                snprintf(end.text, sizeof end.text, "killed by its system call filter");
        else
                snprintf(end.text, sizeof end.text, "killed by SIG%s",
                         sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
        return end;
}

void child_forget(struct child *child) {
        if (child->parent->loop) {
                loop_unwatch(child->parent->loop, &child->watch);
                loop_timer_unset(child->parent->loop, &child->timer);
        }
        channel_clear(&child->control);
        closep(&child->authority_end);
        child->pid = 0;
}

/* ---- the start ---- */

/* A connection is two descriptors for a moment: one that is kept, one on its way. The authority
 * also holds the process behind it, and the one behind each session. */
static rlim_t descriptors_of(const struct child *child) {
        rlim_t connections = child->parent->settings->max_connections;

        if (child->program->holds_processes)
                return 3 * connections + LOGIN_SESSIONS_MAX + 256;
        return 2 * connections + 256;
}

static void limits_choose(const struct child *child, struct spawn *spawn) {
        const struct program *program = child->program;
        size_t i;

        for (i = 0; program->is_on_demand && i < ELEMENTS(pam_limits); i++)
                spawn->limits[spawn->limit_count++] = pam_limits[i];
        if (program->holds_connections)
                spawn->limits[spawn->limit_count++] =
                        (struct spawn_limit){RLIMIT_NOFILE, descriptors_of(child)};
        if (program->locks_memory)
                spawn->limits[spawn->limit_count++] =
                        (struct spawn_limit){RLIMIT_MEMLOCK, RLIM_INFINITY};
}

static int program_start(struct child *child, int control) {
        const struct parent *parent = child->parent;
        struct spawn spawn = {
                .name = child->program->name,
                .identity = identities_of(&parent->identities, child->program->account),
                .control = control,
                .output = -1,
        };
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/%s", parent->options.programs, child->program->name) < 0)
                return -ENOMEM;
        spawn.path = path;
        limits_choose(child, &spawn);
        return spawn_start(&spawn, &child->pid);
}

static int control_open(struct child *child, int *ret_other_end) {
        int ends[2], r;

        r = channel_pair(ends);
        if (r)
                return r;
        r = channel_init(&child->control, ends[0], PROCESS_PARENT, child->program->process,
                         child->instance);
        if (r) {
                close(ends[0]);
                close(ends[1]);
                return r;
        }
        *ret_other_end = ends[1];
        return 0;
}

static int start_and_set_up(struct child *child) {
        _cleanup_(closep) int other_end = -1;
        int r;

        child->start++;
        r = control_open(child, &other_end);
        if (r == 0)
                r = program_start(child, other_end);
        if (r)
                return r;
        closep(&other_end); /* so that the child's end is the only one, and its death is seen */
        return setup_send(child);
}

/* Did it end by itself? Then its status says more than ours. */
static void end_await(struct child *child, int *ret_status) {
        int64_t deadline = clock_monotonic_ms() + END_MS;

        while (waitpid(child->pid, ret_status, WNOHANG) == 0) {
                if (clock_left_ms(deadline) == 0)
                        kill(child->pid, SIGKILL);
                poll(NULL, 0, 10);
        }
}

/* Its own log line says why; this one says where to look. */
static void setup_failed(struct child *child, int error) {
        struct child_text title = child_title(child);
        int status = 0;

        if (child->pid == 0) {
                log_error("%s cannot be started: %s", child->program->name, strerror(-error));
                child_forget(child);
                return;
        }
        if (error == -ETIMEDOUT || error == -EPROTO)
                kill(child->pid, SIGKILL);
        end_await(child, &status);
        log_error("%s did not get ready: %s, %s; its own line, if any, is above", title.text,
                  error == -ETIMEDOUT ? "time is up" : "it ended", child_end_text(status).text);
        child_forget(child);
}

int child_start(struct child *child) {
        int r = start_and_set_up(child);

        if (r)
                setup_failed(child, r);
        return r;
}

static int ready_receive(struct child *child) {
        struct frame frame;
        int r;

        r = channel_wait(&child->control, READY_MS, &frame);
        if (r)
                return r;
        if (frame.type != MSG_READY)
                return -EPROTO;
        child->control.phase = PHASE_RUNNING;
        if (child->program->process == PROCESS_AUTHORITY)
                child->parent->first_start = frame.message.ready.first;
        return 0;
}

int child_wait_ready(struct child *child) {
        int r = ready_receive(child);

        if (r)
                setup_failed(child, r);
        return r;
}

/* Where nobody outside is believed there is nobody's word to verify, until a reload. */
bool child_is_wanted(const struct child *child) {
        if (child->program->process == PROCESS_ISSUER)
                return child->parent->settings->outside_count > 0;
        return !child->program->is_on_demand;
}

int children_start(struct parent *parent) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < parent->child_count; i++) {
                if (!child_is_wanted(&parent->children[i]))
                        continue;
                r = child_start(&parent->children[i]);
                if (r == 0 && parent->children[i].program->process == PROCESS_SIGNER)
                        r = child_wait_ready(&parent->children[i]);
        }
        for (i = 0; r == 0 && i < parent->child_count; i++)
                if (parent->children[i].pid > 0 &&
                    parent->children[i].control.phase != PHASE_RUNNING)
                        r = child_wait_ready(&parent->children[i]);
        return r;
}

/* When one dies the others follow by themselves, and need no line of their own; one that was killed
 * as well, or cannot go on, is news. */
static bool is_news(const struct child *child, int status) {
        return WIFSIGNALED(status) || (child->program->is_vital && WEXITSTATUS(status) != 0);
}

static void child_kill(struct child *child) {
        int status = 0;

        if (waitpid(child->pid, &status, WNOHANG) == 0) {
                kill(child->pid, SIGKILL);
                waitpid(child->pid, &status, 0);
        } else if (is_news(child, status)) {
                log_warning("%s ended: %s", child_title(child).text, child_end_text(status).text);
        }
}

void children_kill(struct parent *parent) {
        size_t i;

        for (i = 0; i < parent->child_count; i++) {
                if (parent->children[i].pid > 0)
                        child_kill(&parent->children[i]);
                child_forget(&parent->children[i]);
        }
}
