/* The program may hang: it is killed when its time is up. */
#include "ask.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#define LOOK_EVERY_MS 5 /* whether it has ended, once it has said all */

static int all_read(int fd, int64_t deadline, char *buffer, size_t size) {
        struct pollfd waiting = {fd, POLLIN, 0};
        size_t len = 0;
        ssize_t n;

        while (len + 1 < size) {
                if (poll(&waiting, 1, clock_left_ms(deadline)) <= 0)
                        return -ETIMEDOUT;
                n = read(fd, buffer + len, size - len - 1);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
        }
        buffer[len] = '\0';
        return 0;
}

/* It may have said all and not end. */
static int end_await(pid_t pid, int64_t deadline, int *ret_status) {
        pid_t ended;

        while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0) {
                if (clock_left_ms(deadline) == 0)
                        return -ETIMEDOUT;
                poll(NULL, 0, LOOK_EVERY_MS);
        }
        return ended < 0 ? -errno : 0;
}

static void put_an_end(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

int program_ask(const struct spawn *spawn, int within_ms, char *ret, size_t size, int *ret_status) {
        _cleanup_(closep) int from = -1;
        _cleanup_(closep) int to = -1;
        int64_t deadline = clock_monotonic_ms() + within_ms;
        struct spawn with_output = *spawn;
        int ends[2], r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        from = ends[0];
        to = with_output.output = ends[1];
        r = spawn_start(&with_output, &pid);
        if (r < 0)
                return r;
        closep(&to);
        r = all_read(from, deadline, ret, size);
        if (r == 0)
                r = end_await(pid, deadline, ret_status);
        if (r < 0)
                put_an_end(pid);
        return r;
}
