/* A file with a secret in it, put in place whole or not at all. */
#ifndef JETON_CLI_REPLACE_H
#define JETON_CLI_REPLACE_H

#include "../../common/text.h"

/* Writes `content` to a new file beside `name` in the folder `dir`, 0600 and the caller's own,
 * brings it to the disk and renames it. What was written is wiped when that fails, and what `name`
 * was before stays. A symbolic link to a plain file is replaced, not followed. 0; -EISDIR, -EEXIST:
 * there is something that is no plain file, or a link that leads to none or through /proc (what
 * /dev/stdout is): it is left; other -errno. */
int file_replace(int dir, const char *name, struct text content);

/* The same for a path. */
int path_replace(const char *path, struct text content);

/* The same in steps, for what is too large to be in memory. The file has no name before it is
 * finished, where the file system can do that: whoever is ended in between leaves nothing. */
struct replacement {
        int dir, fd; /* to be read and written */
        const char *name;
        char fresh[32];
        bool is_named; /* `fresh` is there */
};

#define REPLACEMENT_NONE            \
        (struct replacement) {      \
                .dir = -1, .fd = -1 \
        }

/* `path` is borrowed. 0; -EISDIR, -EEXIST: as above; other -errno. */
int replacement_open(const char *path, struct replacement *ret);

/* A file that never has a name, on the same disk and as empty. 0 or -errno. */
int replacement_beside(const struct replacement *replacement, int *ret_fd);

/* The file, then its name, are on the disk when it returns 0; -errno: the old one is. */
int replacement_finish(struct replacement *replacement);

void replacement_clear(struct replacement *replacement);

/* Says of a path what did not come of it, why, and what helps. */
void replace_complain(const char *path, const char *what, int error);

#endif
