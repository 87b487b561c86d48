/* The daemon's folders and programs. A program runs under the uid of the folder that it is about,
 * so that a file of somebody else's making is never read with root's rights. */
#include "state.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/stream.h"
#include "../../common/wire/wire.h"
#include "../../daemon/parent/spawn.h"
#include "program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

bool state_is_host(const struct place *place) {
        return strcmp(place->socket_path, JETON_SOCKET_DEFAULT) == 0;
}

/* The folder above, by its name: there may be none below it yet. */
static int above(const char *dir, char **ret) {
        const char *slash = strrchr(dir, '/'), *last = slash ? slash + 1 : dir;
        int n;

        if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
                n = asprintf(ret, "%s/..", dir);
        else if (!slash)
                n = asprintf(ret, ".");
        else
                n = asprintf(ret, "%.*s", slash == dir ? 1 : (int)(slash - dir), dir);
        if (n < 0)
                *ret = NULL;
        return n < 0 ? -ENOMEM : 0;
}

int state_dir(const struct place *place, char **ret) {
        if (!state_is_host(place))
                return above(place->dir, ret);
        *ret = strdup(JETON_STATE_DIR);
        return *ret ? 0 : -ENOMEM;
}

int state_open(const struct place *place, const char *folder, int *ret_fd) {
        _cleanup_(freep) char *dir = NULL, *path = NULL;
        int fd, r;

        r = state_dir(place, &dir);
        if (r < 0 || asprintf(&path, "%s/%s", dir, folder) < 0) {
                path = NULL;
                log_error("out of memory");
                return -ENOMEM;
        }
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                r = -errno;
                log_error("%s: %s%s", path, strerror(-r), r == -EACCES ? ": this needs root" : "");
                return r;
        }
        *ret_fd = fd;
        return 0;
}

/* ---- programs ---- */

static int program_of(const char *name, char **ret) {
        _cleanup_(freep) char *built = NULL, *installed = NULL;
        int r = -ENOMEM;

        if (asprintf(&built, "../libexec/%s", name) < 0)
                built = NULL;
        else if (asprintf(&installed, JETON_LIBEXEC_DIR "/%s", name) < 0)
                installed = NULL;
        else
                r = program_find((const char *const[]){built, installed, NULL}, ret);
        if (r < 0)
                log_error("%s is not installed: %s", name, strerror(-r));
        return r;
}

/* Root takes the folder's owner's rights; everybody else has only his own. */
static int owner_find(int folder, struct identity *identity, const struct identity **ret) {
        struct stat st;

        *ret = NULL;
        if (folder < 0)
                return 0;
        if (fstat(folder, &st) < 0)
                return -errno;
        *identity = (struct identity){st.st_uid, st.st_gid};
        if (geteuid() == 0 && st.st_uid != 0)
                *ret = identity;
        return 0;
}

static int end_await(const char *program, pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFSIGNALED(status))
                log_error("%s was ended: %s", program, strsignal(WTERMSIG(status)));
        return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -ECANCELED;
}

static int starting_prepare(void) {
        static bool is_ready;
        int r = is_ready ? 0 : spawn_init();

        is_ready = r == 0;
        return r;
}

static int task_start(const struct state_task *task, const char *path, int owner, pid_t *ret) {
        struct identity identity;
        struct spawn spawn = {
                .path = path,
                .name = task->program,
                .argument = task->word,
                .control = task->about,
                .output = task->output,
        };
        int r;

        r = starting_prepare();
        if (r == 0)
                r = owner_find(owner, &identity, &spawn.identity);
        return r == 0 ? spawn_start(&spawn, ret) : r;
}

static int start(const struct state_task *task, int owner, pid_t *ret) {
        _cleanup_(freep) char *path = NULL;
        int r;

        r = program_of(task->program, &path);
        if (r < 0)
                return r;
        r = task_start(task, path, owner, ret);
        if (r < 0)
                log_error("%s cannot be started: %s", task->program, strerror(-r));
        return r;
}

int state_run(const struct state_task *task, int owner) {
        pid_t pid;
        int r;

        r = start(task, owner, &pid);
        return r < 0 ? r : end_await(task->program, pid);
}

/* ---- what they print ---- */

int state_run_to(const struct state_task *task, int owner, int to) {
        struct state_task piped = *task;
        int ends[2], passed, r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        piped.output = ends[1];
        r = start(&piped, owner, &pid);
        close(ends[1]);
        passed = r < 0 ? 0 : stream_pass(ends[0], to);
        close(ends[0]);
        if (r == 0)
                r = end_await(task->program, pid);
        return passed < 0 ? passed : r;
}

void state_audit(const char *event, const char *detail) {
        openlog("jeton", LOG_PID, LOG_AUTHPRIV);
        syslog(LOG_NOTICE, "audit event=%s result=done %s uid=%u", event, detail,
               (unsigned)getuid());
        closelog();
}
