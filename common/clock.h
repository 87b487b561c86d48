/* Three clocks: the monotonic one for deadlines, that of the boot for promises that are kept in
 * memory alone, the wall clock for what is written in tokens. */
#ifndef JETON_CLOCK_H
#define JETON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* 9999-12-31T23:59:59Z: RFC 3339 has no later one. */
#define CLOCK_LAST_S INT64_C(253402300799)

/* Milliseconds since some fixed point, never set back (CLOCK_MONOTONIC). */
static inline int64_t clock_monotonic_ms(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The same in microseconds, for what is measured. */
static inline int64_t clock_monotonic_us(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Milliseconds likewise, and it goes on while the host sleeps (CLOCK_BOOTTIME). */
static inline int64_t clock_boot_ms(void) {
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The wall clock to the millisecond, for logs. */
static inline int64_t clock_wall_ms(void) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Seconds since 1970-01-01T00:00:00Z, RFC 7519's NumericDate. */
static inline int64_t clock_wall_s(void) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec;
}

/* What is left until a point of clock_monotonic_ms(), as poll(2) takes it: 0 when it has passed. */
static inline int clock_left_ms(int64_t deadline_ms) {
        int64_t left = deadline_ms - clock_monotonic_ms();

        if (left <= 0)
                return 0;
        return left > 3600000 ? 3600000 : (int)left;
}

#endif
