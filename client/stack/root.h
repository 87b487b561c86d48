/* Files of another root directory: a rescue system looks at the disk of the host that does not
 * start. */
#ifndef JETON_STACK_ROOT_H
#define JETON_STACK_ROOT_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens an absolute path below `root`, whose symbolic links stay below it too; NULL: the running
 * system's own. `flags` as in open(2), for reading. 0 or -errno; *ret_fd is closed on exec. */
int root_open(const char *root, const char *path, int flags, int *ret_fd);

/* The whole of a text file of at most `max` bytes, with a NUL behind; to be freed. 0; -EFBIG;
 * -EINVAL: it holds a NUL or is no file; other -errno. */
int root_read(const char *root, const char *path, size_t max, char **ret);

/* A directory to walk through; to be closed. 0 or -errno. */
int root_dir(const char *root, const char *path, DIR **ret);

static inline void closedirp(DIR **dir) {
        if (*dir)
                closedir(*dir);
        *dir = NULL;
}

#endif
