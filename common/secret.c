/* Passwords, tokens and keys in memory. */
#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int secret_reserve(size_t len, struct secret **ret) {
        struct secret *secret = calloc(1, sizeof *secret + len + 1);

        if (!secret)
                return -ENOMEM;
        secret->len = len;
        *ret = secret;
        return 0;
}

int secret_new(const void *bytes, size_t len, struct secret **ret) {
        int r;

        r = secret_reserve(len, ret);
        if (r == 0 && len > 0)
                memcpy((*ret)->bytes, bytes, len);
        return r;
}

void secret_free(struct secret *secret) {
        if (!secret)
                return;
        explicit_bzero(secret->bytes, secret->len);
        free(secret);
}

bool secret_equal(struct text a, struct text b) {
        unsigned char difference = 0;
        size_t i;

        if (a.len != b.len)
                return false;
        for (i = 0; i < a.len; i++)
                difference |= (unsigned char)(a.p[i] ^ b.p[i]);
        /* Hides the sum from the optimiser, which might otherwise leave the loop early. */
        __asm__ volatile("" : "+r"(difference));
        return difference == 0;
}

int secret_random(void *ret, size_t len) {
        unsigned char *at = ret;

        while (len > 0) {
                ssize_t got = getrandom(at, len, 0);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                at += got;
                len -= (size_t)got;
        }
        return 0;
}
