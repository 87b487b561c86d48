/* By pread(2) alone, which is all that a confined worker may do with it. */
#include "bytes.h"

#include "../../common/cleanup.h"

int bytes_read(int fd, size_t max, char **ret, size_t *ret_len) {
        _cleanup_(freep) char *bytes = malloc(max + 1);
        size_t len = 0;
        ssize_t n;

        if (!bytes)
                return -ENOMEM;
        while ((n = pread(fd, bytes + len, max + 1 - len, (off_t)len)) > 0) {
                len += (size_t)n;
                if (len > max)
                        return -EFBIG;
        }
        if (n < 0)
                return -errno;
        bytes[len] = '\0';
        *ret_len = len;
        *ret = take(bytes);
        return 0;
}
