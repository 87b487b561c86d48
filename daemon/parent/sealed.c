/* memfd_create(2) and its seals. */
#include "sealed.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

int sealed_open(size_t max, struct sealed *ret) {
        int fd = memfd_create("jeton", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -errno;
        *ret = (struct sealed){.fd = fd, .max = max};
        return 0;
}

void sealed_close(struct sealed *sealed) {
        closep(&sealed->fd);
}

static int bytes_add(struct sealed *sealed, const char *bytes, size_t len) {
        size_t i;
        ssize_t n;

        if (len > sealed->max - sealed->len)
                return -EFBIG;
        for (i = 0; i < len; i += (size_t)n) {
                n = write(sealed->fd, bytes + i, len - i);
                if (n < 0)
                        return -errno;
        }
        for (i = 0; i < len; i++)
                sealed->lines += bytes[i] == '\n';
        sealed->len += len;
        return 0;
}

static int file_add(struct sealed *sealed, int fd) {
        char bytes[16384], last = '\n';
        ssize_t n;
        int r = 0;

        while (r == 0 && (n = read(fd, bytes, sizeof bytes)) != 0) {
                if (n < 0)
                        return -errno;
                last = bytes[n - 1];
                r = bytes_add(sealed, bytes, (size_t)n);
        }
        return r == 0 && last != '\n' ? bytes_add(sealed, "\n", 1) : r;
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
int sealed_add(struct sealed *sealed, const char *path) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? file_add(sealed, fd) : -EINVAL;
}

int sealed_seal(struct sealed *sealed) {
        return fcntl(sealed->fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}
