/* Other programs of the host. */
#include "program.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../exchange.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define PROGRAM_MS 5000
#define OUTPUT_MAX 65536

static int start(const char *const argv[], int output, pid_t *ret_pid) {
        posix_spawn_file_actions_t actions;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r)
                return -r;
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
        if (r == 0)
                r = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* 0 at its end; what is more than fits is read and dropped. */
static int read_output(int fd, char *output) {
        int64_t deadline_ms = clock_monotonic_ms() + PROGRAM_MS;
        char dropped[4096] = {0};
        size_t len = 0;
        ssize_t got;
        int r;

        for (;;) {
                bool is_full = len == OUTPUT_MAX;

                r = exchange_wait(fd, POLLIN, deadline_ms);
                if (r < 0)
                        return r;
                got = read(fd, is_full ? dropped : output + len,
                           is_full ? sizeof dropped : OUTPUT_MAX - len);
                if (got <= 0)
                        return got < 0 ? -errno : 0;
                len += is_full ? 0 : (size_t)got;
                output[len] = '\0';
        }
}

static int status_of(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int program_run(const char *const argv[], char **ret_output, int *ret_status) {
        _cleanup_(freep) char *output = calloc(1, OUTPUT_MAX + 1);
        _cleanup_(closep) int reading = -1, writing = -1;
        int pipe_fds[2], r;
        pid_t pid;

        if (!output)
                return -ENOMEM;
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        reading = pipe_fds[0];
        writing = pipe_fds[1];
        r = start(argv, writing, &pid);
        if (r < 0)
                return r;
        closep(&writing);
        r = read_output(reading, output);
        if (r < 0)
                kill(pid, SIGKILL);
        *ret_status = status_of(pid);
        if (r == 0)
                *ret_output = take(output);
        return r;
}

static int folder_of_command(char ret[PATH_MAX]) {
        ssize_t len = readlink("/proc/self/exe", ret, PATH_MAX - 1);
        char *slash;

        if (len < 0)
                return -errno;
        ret[len] = '\0';
        slash = strrchr(ret, '/');
        if (!slash)
                return -ENOENT;
        *slash = '\0';
        return 0;
}

static int candidate(const char *folder, const char *place, char **ret) {
        bool is_whole = *place == '/';

        if (asprintf(ret, "%s%s%s", is_whole ? "" : folder, is_whole ? "" : "/", place) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return access(*ret, X_OK) < 0 ? -errno : 0;
}

int program_find(const char *const places[], char **ret) {
        char folder[PATH_MAX];
        int r;

        r = folder_of_command(folder);
        if (r < 0)
                return r;
        for (r = -ENOENT; *places && r < 0; places++) {
                _cleanup_(freep) char *path = NULL;

                r = candidate(folder, *places, &path);
                if (r == 0)
                        *ret = take(path);
        }
        return r;
}
