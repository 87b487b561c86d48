/* A file with a secret in it, put in place whole or not at all. */
#include "replace.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int write_all(int fd, struct text text) {
        while (text.len > 0) {
                ssize_t n = write(fd, text.p, text.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text.p += n;
                text.len -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* As far as the file system lets us: some write elsewhere. */
static void wipe(int fd, size_t len) {
        static const char zeros[4096];

        if (lseek(fd, 0, SEEK_SET) < 0)
                return;
        while (len > 0) {
                size_t part = len < sizeof zeros ? len : sizeof zeros;

                if (write_all(fd, (struct text){zeros, part}) < 0)
                        return;
                len -= part;
        }
}

/* In a folder that others write in too, they shall not know the name before. */
static int fresh_name(char ret[32]) {
        uint64_t number;
        int r;

        r = secret_random(&number, sizeof number);
        if (r == 0)
                snprintf(ret, 32, ".jeton-%016llx", (unsigned long long)number);
        return r;
}

int file_replace(int dir, const char *name, struct text content) {
        _cleanup_(closep) int fd = -1;
        char fresh[32];
        int r;

        r = fresh_name(fresh);
        if (r < 0)
                return r;
        fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = write_all(fd, content);
        if (r == 0 && renameat(dir, fresh, dir, name) < 0)
                r = -errno;
        if (r < 0) {
                wipe(fd, content.len);
                unlinkat(dir, fresh, 0);
        }
        return r;
}

int path_replace(const char *path, struct text content) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        _cleanup_(closep) int dir = -1;
        char folder[PATH_MAX] = ".";
        int n;

        if (!*name)
                return -EISDIR;
        if (slash) {
                n = snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
                if (n < 0 || (size_t)n >= sizeof folder)
                        return -ENAMETOOLONG;
        }
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -errno : file_replace(dir, name, content);
}
