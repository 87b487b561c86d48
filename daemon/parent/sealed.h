/* A copy of files in memory that nobody can change any more, for children that are started later
 * and must have the same bytes. */
#ifndef JETON_PARENT_SEALED_H
#define JETON_PARENT_SEALED_H

#include <stddef.h>

struct sealed {
        int fd;       /* memfd; -1: none */
        size_t max;   /* bytes that it may have */
        size_t len;   /* bytes that it has */
        size_t lines; /* and lines */
};

/* 0 or -errno. `max` bytes must fit into it. */
int sealed_open(size_t max, struct sealed *ret);
void sealed_close(struct sealed *sealed);

/* Copies a regular file to the end, and ends its last line. 0; -EFBIG when there is not so much
 * room; -EINVAL: no regular file; other -errno. */
int sealed_add(struct sealed *sealed, const char *path);

/* From now on it cannot be written, made longer or shorter, by anybody. 0 or -errno. */
int sealed_seal(struct sealed *sealed);

#endif
