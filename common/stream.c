/* Blocking reads and writes, gone on with after a signal and after a part. */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PASS_BYTES 65536

int stream_write(int fd, const void *bytes, size_t len) {
        const char *rest = bytes;

        while (len > 0) {
                ssize_t n = write(fd, rest, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                len -= (size_t)n;
        }
        return 0;
}

int stream_pass(int from, int to) {
        char bytes[PASS_BYTES];
        ssize_t n;
        int r = 0;

        while (r == 0 && (n = read(from, bytes, sizeof bytes)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                r = n < 0 ? -errno : stream_write(to, bytes, (size_t)n);
        }
        explicit_bzero(bytes, sizeof bytes);
        return r;
}
