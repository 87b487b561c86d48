/* pidfd_open(2), by number: Debian 12's C library does not know it. */
#include "peer_process.h"

#include "../../common/cleanup.h"
#include "../privsep/peer_pidfd.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* PID_FS_MAGIC of linux/magic.h: from 6.9 on a pidfd has an inode of its own, whose number is not
 * given twice. */
#define PIDFS_MAGIC 0x50494446

static int process_open(pid_t pid, int *ret_pidfd) {
        int fd;

        if (pid <= 0)
                return -ESRCH;
        fd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0)
                return -errno;
        *ret_pidfd = fd;
        return 0;
}

int peer_process_open(int socket, pid_t pid, int *ret_pidfd) {
        int r = peer_pidfd(socket, ret_pidfd);

        return r == -ENOPROTOOPT ? process_open(pid, ret_pidfd) : r;
}

/* pidfd_open(2): it is readable when the process has ended. */
bool peer_process_is_there(int pidfd) {
        struct pollfd look = {.fd = pidfd, .events = POLLIN};

        return pidfd >= 0 && poll(&look, 1, 0) == 0;
}

int peer_process_identity(int pidfd, uint64_t *ret) {
        struct statfs system;
        struct stat file;

        if (fstatfs(pidfd, &system) < 0 || fstat(pidfd, &file) < 0)
                return -errno;
        if (system.f_type != PIDFS_MAGIC)
                return -EOPNOTSUPP;
        *ret = file.st_ino;
        return 0;
}

int peer_process_reopen(pid_t pid, uint64_t identity, int *ret_pidfd) {
        _cleanup_(closep) int fd = -1;
        uint64_t found = 0;
        int r;

        r = process_open(pid, &fd);
        if (r == 0)
                r = peer_process_identity(fd, &found);
        if (r < 0)
                return r;
        if (found != identity)
                return -ESRCH;
        *ret_pidfd = take_fd(&fd);
        return 0;
}
