/* The listening sockets. Clients are shown the credentials of whoever called listen(2), so the
 * parent does, and nobody else. */
#ifndef JETON_PARENT_LISTEN_H
#define JETON_PARENT_LISTEN_H

#include <sys/types.h>

struct listener {
        int fd;     /* -1: none */
        char *path; /* as clients name it */
};

/* Binds and listens at `path`; `dir` is the open directory that it is in. A socket that an earlier
 * jetond left is removed: the caller holds the lock. 0 or -errno, logged. */
int listener_open(int dir, const char *path, mode_t mode, gid_t group, struct listener *ret);

/* The same where the directory is not one of ours. */
int listener_open_path(const char *path, mode_t mode, gid_t group, struct listener *ret);

/* Closes, and removes the socket's name: from then on clients learn at once that nobody is there.
 */
void listener_close(struct listener *listener);

#endif
