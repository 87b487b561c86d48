/* A descriptor read to its end, into memory that is wiped. */
#include "input.h"

#include "../../common/cleanup.h"

#include <errno.h>
#include <unistd.h>

int input_read(int fd, size_t max, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *buffer = NULL;
        size_t len = 0;
        ssize_t got;
        int r;

        r = secret_reserve(max + 1, &buffer);
        if (r < 0)
                return r;
        while (len <= max) {
                got = read(fd, buffer->bytes + len, buffer->len - len);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        return secret_new(buffer->bytes, len, ret);
                len += (size_t)got;
        }
        return -EFBIG;
}
