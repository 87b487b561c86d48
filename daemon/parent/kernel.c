/* Asked of the kernel itself: a version number says little of what a container lets through. */
#include "kernel.h"

#include "../../common/cleanup.h"
#include "../privsep/peer_pidfd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool kernel_tells_peers(void) {
        _cleanup_(closep) int pidfd = -1;
        int ends[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return false;
        r = peer_pidfd(ends[0], &pidfd);
        closep(&ends[0]);
        closep(&ends[1]);
        return r == 0;
}

bool kernel_has_cgroups(void) {
        _cleanup_(fclosep) FILE *file = fopen("/proc/self/cgroup", "re");
        char line[4096];

        while (file && fgets(line, sizeof line, file))
                if (strncmp(line, "0::/", strlen("0::/")) == 0)
                        return true;
        return false;
}
