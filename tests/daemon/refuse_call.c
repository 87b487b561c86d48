/* Runs a command on a kernel that seems older: refuse_call peerpidfd|pidfs COMMAND...
 *
 * peerpidfd: getsockopt(2) knows no SO_PEERPIDFD, as before Linux 6.5; pidfs: fstatfs(2) tells of
 * no file system of processes, as before 6.9. */
/* needs: libseccomp */
#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static int refuse(scmp_filter_ctx context, const char *what) {
        if (strcmp(what, "peerpidfd") == 0)
                return seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOPROTOOPT), SCMP_SYS(getsockopt),
                                        2, SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET),
                                        SCMP_A2(SCMP_CMP_EQ, SO_PEERPIDFD));
        if (strcmp(what, "pidfs") == 0)
                return seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(fstatfs), 0);
        return -EINVAL;
}

int main(int argc, char **argv) {
        scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);

        if (argc < 3 || !context || refuse(context, argv[1]) < 0 || seccomp_load(context) < 0) {
                fprintf(stderr, "refuse_call: cannot refuse %s\n", argc > 1 ? argv[1] : "nothing");
                return 2;
        }
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 2;
}
