/* Bytes to and from descriptors that may take and give fewer than were asked for. */
#ifndef JETON_COMMON_STREAM_H
#define JETON_COMMON_STREAM_H

#include <stddef.h>

/* Writes all of them, from where the descriptor is. 0 or -errno. */
int stream_write(int fd, const void *bytes, size_t len);

/* Writes all that `from` gives until its end; none of it stays in memory. 0 or -errno. */
int stream_pass(int from, int to);

#endif
