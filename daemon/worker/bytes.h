/* All that a descriptor holds. */
#ifndef JETON_WORKER_BYTES_H
#define JETON_WORKER_BYTES_H

#include <stddef.h>

/* 0 with *ret to be freed, and a NUL behind its *ret_len bytes; -EFBIG when it is more than `max`;
 * other -errno. The descriptor's offset, which others share, stays. */
int bytes_read(int fd, size_t max, char **ret, size_t *ret_len);

#endif
