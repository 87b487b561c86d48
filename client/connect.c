/* The way to the daemon: reaches the socket, waits for a place in its backlog, and looks who it is
 * that listens there. */
#include "exchange.h"

#include "../common/cleanup.h"
#include "../common/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BACKLOG_RETRY_MS 10

int exchange_wait(int fd, short events, int64_t deadline_ms) {
        struct pollfd poller = {.fd = fd, .events = events};
        int left, n;

        for (;;) {
                left = clock_left_ms(deadline_ms);
                if (left == 0)
                        return -ETIMEDOUT;
                n = poll(&poller, 1, left);
                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
        }
}

/* Keeps out of 0, 1 and 2: a host that closed those would write its messages to the daemon. */
static int move_above_standard(int *fd) {
        int moved;

        if (*fd > STDERR_FILENO)
                return 0;
        moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (moved < 0)
                return -errno;
        closep(fd);
        *fd = moved;
        return 0;
}

/* A path that is too long for sun_path goes through its directory, held open as *ret_dir. */
static int address_through_dir(const char *path, struct sockaddr_un *ret, int *ret_dir) {
        _cleanup_(freep) char *dir_path = strdup(path);
        _cleanup_(closep) int dir = -1;
        char *slash;
        int n;

        if (!dir_path)
                return -ENOMEM;
        slash = strrchr(dir_path, '/');
        if (!slash)
                return -ENAMETOOLONG;
        slash[slash == dir_path] = '\0';
        dir = open(dir_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", dir,
                     strrchr(path, '/') + 1);
        if (n < 0 || (size_t)n >= sizeof ret->sun_path)
                return -ENAMETOOLONG;
        *ret_dir = take_fd(&dir);
        return 0;
}

static int address_of(const char *path, struct sockaddr_un *ret, int *ret_dir) {
        struct text whole = text_of(path);

        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (whole.len == 0)
                return -EINVAL;
        if (whole.len >= sizeof ret->sun_path)
                return address_through_dir(path, ret, ret_dir);
        return text_copy(whole, ret->sun_path, sizeof ret->sun_path);
}

/* unix(7): a non-blocking connect is done or refused at once; EAGAIN is a full backlog, and no
 * readiness is ever told for that. */
static int connect_before(int fd, const struct sockaddr_un *address, int64_t deadline_ms) {
        int64_t retry;
        int r;

        for (;;) {
                if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
                        return 0;
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                retry = clock_monotonic_ms() + BACKLOG_RETRY_MS;
                if (retry > deadline_ms)
                        return -ETIMEDOUT;
                r = exchange_wait(-1, 0, retry);
                if (r != -ETIMEDOUT)
                        return r;
        }
}

/* SO_PEERCRED of a connecting end: who called listen(2), not who accepts. */
static int server_of(int fd, uid_t *ret_uid) {
        struct ucred server = {.uid = (uid_t)-1};
        socklen_t len = sizeof server;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &len) < 0)
                return -errno;
        if (len != sizeof server || server.uid == (uid_t)-1)
                return -EPERM;
        *ret_uid = server.uid;
        return 0;
}

int exchange_reach(const char *socket_path, int64_t deadline_ms, uid_t *ret_server, int *ret_fd) {
        _cleanup_(closep) int dir = -1, fd = -1;
        struct sockaddr_un address;
        int r;

        r = address_of(socket_path, &address, &dir);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        r = move_above_standard(&fd);
        if (r < 0)
                return r;
        r = connect_before(fd, &address, deadline_ms);
        if (r < 0)
                return r;
        r = server_of(fd, ret_server);
        if (r < 0)
                return r;
        *ret_fd = take_fd(&fd);
        return 0;
}

int exchange_connect(const char *socket_path, uid_t also_uid, int64_t deadline_ms, int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        uid_t server = (uid_t)-1;
        int r;

        r = exchange_reach(socket_path, deadline_ms, &server, &fd);
        if (r < 0)
                return r;
        if (server != 0 && server != also_uid)
                return -EPERM;
        *ret_fd = take_fd(&fd);
        return 0;
}
