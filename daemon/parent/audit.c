/* The audit file is opened here because the authority opens nothing, and anew at each SIGHUP, so
 * that logrotate(8) may move it away. */
#include "audit.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* O_NONBLOCK: a FIFO that nobody reads is refused, not waited for. */
static int file_open(const char *path, int *ret) {
        _cleanup_(closep) int fd = -1;
        struct stat st;

        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || (st.st_mode & 022))
                return -EPERM;
        *ret = take_fd(&fd);
        return 0;
}

/* systemd.exec(5): device and inode of the journal's stream, to tell whether standard error is
 * still that. */
static bool log_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static int journal_open(int *ret) {
        const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        *ret = take_fd(&fd);
        return 0;
}

int audit_places_open(struct audit_places *places, const char *file) {
        struct audit_places fresh = {-1, -1};
        bool has_file = file && *file;
        int r = 0;

        if (has_file)
                r = file_open(file, &fresh.file);
        else if (log_is_journal())
                r = journal_open(&fresh.journal);
        if (r) {
                log_error("audit lines cannot go to %s: %s", has_file ? file : JOURNAL_SOCKET,
                          r == -EPERM ? "that is no file of ours alone" : strerror(-r));
                return r;
        }
        audit_places_close(places);
        *places = fresh;
        return 0;
}

void audit_places_close(struct audit_places *places) {
        closep(&places->journal);
        closep(&places->file);
}
