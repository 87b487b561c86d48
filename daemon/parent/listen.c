/* The listening sockets: bound in a directory that only we can write, under a mode that lets nobody
 * in before the socket has its own. */
#include "listen.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 4096

static const char *last_part(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* sun_path holds 107 bytes and its NUL; through the directory's descriptor every path fits. */
static int address_make(int dir, const char *path, struct sockaddr_un *ret) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int n = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir,
                         last_part(path));

        if (n < 0 || (size_t)n >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        *ret = address;
        return 0;
}

static int stale_remove(int dir, const char *path) {
        struct stat st;

        if (fstatat(dir, last_part(path), &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
                return -EEXIST;
        return unlinkat(dir, last_part(path), 0) < 0 ? -errno : 0;
}

/* bind(2) makes the socket's inode with 0777 less the umask: with 0177 nobody else can connect
 * before its group and mode are right. */
static int bind_closed(int fd, const struct sockaddr_un *address) {
        mode_t before = umask(0177);
        int r = bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;

        umask(before);
        return r;
}

/* chown first: chmod would let the group of the parent in for a moment. */
static int open_to(int dir, const char *path, mode_t mode, gid_t group) {
        const char *name = last_part(path);

        if (group != (gid_t)-1 && fchownat(dir, name, (uid_t)-1, group, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return fchmodat(dir, name, mode, 0) < 0 ? -errno : 0;
}

static int listen_at(int dir, const char *path, mode_t mode, gid_t group, int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        struct sockaddr_un address;
        int r;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        r = address_make(dir, path, &address);
        if (r == 0)
                r = stale_remove(dir, path);
        if (r == 0)
                r = bind_closed(fd, &address);
        if (r == 0)
                r = open_to(dir, path, mode, group);
        if (r)
                return r;
        if (listen(fd, BACKLOG) < 0)
                return -errno;
        *ret_fd = take_fd(&fd);
        return 0;
}

int listener_open(int dir, const char *path, mode_t mode, gid_t group, struct listener *ret) {
        _cleanup_(freep) char *copy = strdup(path);
        int fd = -1, r;

        r = copy ? listen_at(dir, path, mode, group, &fd) : -ENOMEM;
        if (r) {
                log_error("cannot listen at %s: %s", path,
                          r == -EEXIST ? "something else than an old socket of ours is there"
                                       : strerror(-r));
                return r;
        }
        *ret = (struct listener){fd, take(copy)};
        return 0;
}

/* Where others may swap names, chown and chmod would strike what they put there. */
static int directory_check(int dir, const char *path) {
        struct stat st;

        if (fstat(dir, &st) < 0)
                return -errno;
        if ((st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 022) == 0)
                return 0;
        log_error("cannot listen at %s: others may write in that directory", path);
        return -EPERM;
}

int listener_open_path(const char *path, mode_t mode, gid_t group, struct listener *ret) {
        _cleanup_(freep) char *dir_path = strndup(path, (size_t)(last_part(path) - path));
        _cleanup_(closep) int dir = -1;
        int r;

        if (!dir_path)
                return -ENOMEM;
        dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) {
                r = -errno;
                log_error("cannot listen at %s: %s", path, strerror(-r));
                return r;
        }
        r = directory_check(dir, path);
        return r ? r : listener_open(dir, path, mode, group, ret);
}

void listener_close(struct listener *listener) {
        closep(&listener->fd);
        if (listener->path)
                unlink(listener->path);
        freep(&listener->path);
}
