/* SO_PEERPIDFD, by number: Debian 12's headers do not know it. */
#include "peer_pidfd.h"

#include <errno.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int peer_pidfd(int socket, int *ret_pidfd) {
        socklen_t len = sizeof(int);
        int fd = -1;

        if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &len) < 0)
                return -errno;
        *ret_pidfd = fd;
        return 0;
}
