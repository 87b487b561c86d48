/* Files of another root directory. */
#include "root.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* openat2(2): absolute links and ".." of that disk mean that disk. */
static int open_below(int root_fd, const char *path, int flags) {
        struct open_how how = {
                .flags = (unsigned)flags,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };

        return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
}

int root_open(const char *root, const char *path, int flags, int *ret_fd) {
        _cleanup_(closep) int root_fd = -1;
        int fd;

        flags |= O_CLOEXEC;
        /* A FIFO laid there must not hold us up; openat2(2) refuses both with O_PATH. */
        if ((flags & O_PATH) == 0)
                flags |= O_NOCTTY | O_NONBLOCK;
        if (!root) {
                fd = open(path, flags);
        } else {
                root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (root_fd < 0)
                        return -errno;
                fd = open_below(root_fd, path, flags);
        }
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int read_whole(int fd, size_t max, char **ret) {
        _cleanup_(freep) char *bytes = malloc(max + 2);
        size_t len = 0;
        ssize_t got;

        if (!bytes)
                return -ENOMEM;
        while (len <= max) {
                got = read(fd, bytes + len, max + 1 - len);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                len += (size_t)got;
        }
        if (len > max)
                return -EFBIG;
        if (memchr(bytes, '\0', len))
                return -EINVAL;
        bytes[len] = '\0';
        *ret = take(bytes);
        return 0;
}

int root_read(const char *root, const char *path, size_t max, char **ret) {
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r;

        r = root_open(root, path, O_RDONLY, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        return read_whole(fd, max, ret);
}

int root_dir(const char *root, const char *path, DIR **ret) {
        _cleanup_(closep) int fd = -1;
        DIR *dir;
        int r;

        r = root_open(root, path, O_RDONLY | O_DIRECTORY, &fd);
        if (r < 0)
                return r;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        (void)take_fd(&fd);
        *ret = dir;
        return 0;
}
