/* fork(2) and exec(2). Between the two only system calls are made, on values that were prepared
 * before: nothing that takes a lock or memory. */
#include "spawn.h"

#include "../../common/cleanup.h"
#include "../privsep/child.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define FIRST_FREE 16 /* above every descriptor that a child is given */

#define ENVIRONMENT_MAX 8

static char *environment[ENVIRONMENT_MAX + 1];
static char log_level_entry[32];
static int null_device = -1;

/* Nothing else is handed on: a library reads its switches there. */
static const char *const kept_names[] = {
        "JOURNAL_STREAM", /* systemd.exec(5): standard error is the journal */
#ifdef JETON_SANITIZED
        "ASAN_OPTIONS",   "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
#endif
};

static int environment_make(void) {
        size_t i, count = 0;

        for (i = 0; i < ELEMENTS(kept_names); i++) {
                const char *value = getenv(kept_names[i]);

                if (!value)
                        continue;
                if (asprintf(&environment[count], "%s=%s", kept_names[i], value) < 0) {
                        environment[count] = NULL;
                        return -ENOMEM;
                }
                count++;
        }
        environment[count] = log_level_entry;
        return 0;
}

void spawn_set_log_level(int level) {
        snprintf(log_level_entry, sizeof log_level_entry, CHILD_LOG_LEVEL "=%d", level);
}

/* A terminal was opened for reading as well. Every child has it, also one that is another uid's by
 * then: what is typed there next is not for it. */
static void terminal_narrow(void) {
        _cleanup_(closep) int fd = -1;

        if (!isatty(STDERR_FILENO))
                return;
        fd = open("/proc/self/fd/2", O_WRONLY | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0)
                dup2(fd, STDERR_FILENO);
}

int spawn_init(void) {
        int fd;

        do {
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        } while (fd < STDERR_FILENO + 1 && fcntl(fd, F_SETFD, 0) == 0);
        terminal_narrow();
        null_device = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
        close(fd);
        return null_device < 0 ? -errno : environment_make();
}

/* What the child needs, none of it where dup2(2) writes. */
struct prepared {
        const struct spawn *spawn;
        pid_t parent;
        int control, output;
        char *argv[3];
        char failure[256];
        size_t failure_len;
};

static int above(int fd, int *ret) {
        int copy;

        if (fd < 0)
                return 0;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
        if (copy < 0)
                return -errno;
        *ret = copy;
        return 0;
}

static void prepared_clear(struct prepared *prepared) {
        closep(&prepared->control);
        closep(&prepared->output);
}

static int prepare(const struct spawn *spawn, struct prepared *ret) {
        int r;

        *ret = (struct prepared){.spawn = spawn, .parent = getpid(), .control = -1, .output = -1};
        ret->argv[0] = (char *)(uintptr_t)spawn->name;
        ret->argv[1] = (char *)(uintptr_t)spawn->argument;
        snprintf(ret->failure, sizeof ret->failure, "jetond: %s cannot be started\n", spawn->path);
        ret->failure_len = strlen(ret->failure);
        r = above(spawn->control, &ret->control);
        return r ? r : above(spawn->output, &ret->output);
}

/* ---- in the child ---- */

static int limit_apply(const struct spawn_limit *limit) {
        struct rlimit wanted = {limit->value, limit->value}, now;

        if (setrlimit(limit->resource, &wanted) == 0)
                return 0;
        if (getrlimit(limit->resource, &now) < 0)
                return -errno;
        now.rlim_cur = now.rlim_max;
        return setrlimit(limit->resource, &now) < 0 ? -errno : 0;
}

static int limits_apply(const struct spawn *spawn) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < spawn->limit_count; i++)
                r = limit_apply(&spawn->limits[i]);
        return r;
}

/* The limits of root are lifted first; groups go while they still can. */
static int rights_drop(const struct identity *identity) {
        if (!identity)
                return 0;
        if (setgroups(0, NULL) < 0 || setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
            setresuid(identity->uid, identity->uid, identity->uid) < 0)
                return -errno;
        /* Must fail now: whoever could go back never left. */
        return identity->uid != 0 && setuid(0) == 0 ? -EPERM : 0;
}

/* A child sees the end of its control channel; one that is stopped or hangs sees nothing. A change
 * of uid takes this back, so it comes after that; and who has no parent by then has had its last
 * word. */
static int end_with_parent(pid_t parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                return -errno;
        return getppid() == parent ? 0 : -ESRCH;
}

static int descriptors_place(const struct prepared *prepared) {
        int output = prepared->output >= 0 ? prepared->output : null_device;
        int first_closed = STDERR_FILENO + 1;

        if (dup2(null_device, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
                return -errno;
        if (prepared->control >= 0) {
                if (dup2(prepared->control, CONTROL_FD) < 0)
                        return -errno;
                first_closed = CONTROL_FD + 1;
        }
        return syscall(SYS_close_range, (unsigned)first_closed, ~0u, 0u) < 0 ? -errno : 0;
}

/* exec(2) keeps the blocked signals and the ignored ones. */
static int signals_reset(void) {
        const struct sigaction usual = {.sa_handler = SIG_DFL};
        sigset_t none;

        sigemptyset(&none);
        if (sigaction(SIGPIPE, &usual, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
                return -errno;
        return 0;
}

/* A session of its own: the terminal's Ctrl-C is for the parent, who lets requests end first. */
static void child_main(const struct prepared *prepared) {
        const struct spawn *spawn = prepared->spawn;

        setsid();
        if (!limits_apply(spawn) && !rights_drop(spawn->identity) &&
            !end_with_parent(prepared->parent) && chdir("/") == 0 && !descriptors_place(prepared) &&
            !signals_reset())
                execve(spawn->path, prepared->argv, environment);
        if (write(STDERR_FILENO, prepared->failure, prepared->failure_len) < 0)
                _exit(126);
        _exit(127);
}

int spawn_start(const struct spawn *spawn, pid_t *ret) {
        _cleanup_(prepared_clear) struct prepared prepared;
        pid_t pid;
        int r;

        r = prepare(spawn, &prepared);
        if (r)
                return r;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                child_main(&prepared);
        *ret = pid;
        return 0;
}
