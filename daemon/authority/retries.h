/* What is tried every few seconds until it succeeds: which of the failures are told. The first is,
 * and then fewer and fewer: a disk that is full all night must not be the whole of the log. */
#ifndef JETON_AUTHORITY_RETRIES_H
#define JETON_AUTHORITY_RETRIES_H

#include <stdbool.h>
#include <stdint.h>

/* Powers of two up to this one, and then each multiple of it. */
#define RETRIES_TOLD_EACH 1024

struct retries {
        uint32_t failed; /* in a row */
};

/* One more failure. Whether it is told. */
static inline bool retries_count(struct retries *retries) {
        uint32_t failed = ++retries->failed;

        return (failed & (failed - 1)) == 0 || failed % RETRIES_TOLD_EACH == 0;
}

#endif
