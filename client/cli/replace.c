/* A file with a secret in it, put in place whole or not at all. */
#include "replace.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/room.h"
#include "../../common/secret.h"
#include "../../common/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

static int file_write(int fd, struct text text) {
        int r = stream_write(fd, text.p, text.len);

        return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* As far as the file system lets us: some write elsewhere. */
static void wipe(int fd, size_t len) {
        static const char zeros[4096];

        if (lseek(fd, 0, SEEK_SET) < 0)
                return;
        while (len > 0) {
                size_t part = len < sizeof zeros ? len : sizeof zeros;

                if (file_write(fd, (struct text){zeros, part}) < 0)
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

/* Through a link of /proc, as /dev/stdout is one, everything may be a plain file (-ELOOP). */
static bool leads_to_file(int dir, const char *name) {
        const struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_NO_MAGICLINKS,
        };
        _cleanup_(closep) int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof how);
        struct statfs fs;
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fstatfs(fd, &fs) == 0 &&
               fs.f_type != PROC_SUPER_MAGIC;
}

/* A device, a pipe or a folder of that name is nothing to be replaced, nor what leads to one. */
static int place_check(int dir, const char *name) {
        struct stat st;

        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && leads_to_file(dir, name)))
                return 0;
        return S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
}

int file_replace(int dir, const char *name, struct text content) {
        _cleanup_(closep) int fd = -1;
        char fresh[32];
        int r;

        r = place_check(dir, name);
        if (r == 0)
                r = fresh_name(fresh);
        if (r < 0)
                return r;
        fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = file_write(fd, content);
        if (r == 0 && renameat(dir, fresh, dir, name) < 0)
                r = -errno;
        if (r < 0) {
                wipe(fd, content.len);
                unlinkat(dir, fresh, 0);
        }
        return r;
}

/* The folder of a path, and the name in there. */
static int path_open(const char *path, int *ret_dir, const char **ret_name) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        char folder[PATH_MAX] = ".";
        int dir, n;

        if (!*name)
                return -EISDIR;
        if (slash) {
                n = snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
                if (n < 0 || (size_t)n >= sizeof folder)
                        return -ENAMETOOLONG;
        }
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        *ret_dir = dir;
        *ret_name = name;
        return 0;
}

int path_replace(const char *path, struct text content) {
        _cleanup_(closep) int dir = -1;
        const char *name;
        int r;

        r = path_open(path, &dir, &name);
        return r < 0 ? r : file_replace(dir, name, content);
}

/* ---- in steps ---- */

static int fresh_open(struct replacement *replacement) {
        replacement->fd = openat(replacement->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
        if (replacement->fd >= 0)
                return 0;
        replacement->fd = openat(replacement->dir, replacement->fresh,
                                 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (replacement->fd < 0)
                return -errno;
        replacement->is_named = true;
        return 0;
}

int replacement_open(const char *path, struct replacement *ret) {
        _cleanup_(replacement_clear) struct replacement replacement = REPLACEMENT_NONE;
        int r;

        r = path_open(path, &replacement.dir, &replacement.name);
        if (r == 0)
                r = place_check(replacement.dir, replacement.name);
        if (r == 0)
                r = fresh_name(replacement.fresh);
        if (r == 0)
                r = fresh_open(&replacement);
        if (r < 0)
                return r;
        *ret = replacement;
        replacement = REPLACEMENT_NONE;
        return 0;
}

int replacement_beside(const struct replacement *replacement, int *ret_fd) {
        _cleanup_(closep) int fd =
                openat(replacement->dir, ".", O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600);
        char name[32];
        int r;

        if (fd < 0) {
                r = fresh_name(name);
                if (r < 0)
                        return r;
                fd = openat(replacement->dir, name,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (fd < 0 || unlinkat(replacement->dir, name, 0) < 0)
                        return -errno;
        }
        *ret_fd = take_fd(&fd);
        return 0;
}

/* What has no name yet is reached by its descriptor's (open(2), O_TMPFILE). */
static int fresh_link(struct replacement *replacement) {
        char path[64];

        if (replacement->is_named)
                return 0;
        snprintf(path, sizeof path, "/proc/self/fd/%d", replacement->fd);
        if (linkat(AT_FDCWD, path, replacement->dir, replacement->fresh, AT_SYMLINK_FOLLOW) < 0)
                return -errno;
        replacement->is_named = true;
        return 0;
}

int replacement_finish(struct replacement *replacement) {
        int r;

        if (fsync(replacement->fd) < 0)
                return -errno;
        r = fresh_link(replacement);
        if (r < 0)
                return r;
        if (renameat(replacement->dir, replacement->fresh, replacement->dir, replacement->name) < 0)
                return -errno;
        replacement->is_named = false;
        return fsync(replacement->dir) < 0 ? -errno : 0;
}

void replacement_clear(struct replacement *replacement) {
        if (replacement->is_named)
                unlinkat(replacement->dir, replacement->fresh, 0);
        closep(&replacement->fd);
        closep(&replacement->dir);
        *replacement = REPLACEMENT_NONE;
}

/* ---- telling ---- */

static const char *words_of(int error) {
        if (error == -ECANCELED)
                return "see above";
        return error == -EEXIST ? "it is no plain file" : strerror(-error);
}

void replace_complain(const char *path, const char *what, int error) {
        log_error("%s: %s: %s%s", log_escape(text_of(path)).text, what, words_of(error),
                  room_advice(-error));
}
