/* Small tools of programs that may end where they stand. */
#include "measure.h"

#include "../../common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void die(const char *what) {
        fprintf(stderr, "bench: %s\n", what);
        exit(EXIT_FAILURE);
}

void *zeroed(size_t count, size_t size) {
        void *memory = calloc(count, size);

        if (!memory)
                die("out of memory");
        return memory;
}

static double clock_us(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double now_us(void) {
        return clock_us(CLOCK_MONOTONIC);
}

double spent_us(void) {
        return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

struct lines lines_read(const char *path) {
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        struct lines ret = {.lines = zeroed(LINES_MAX, sizeof *ret.lines)};
        size_t size = 0;
        ssize_t len;

        if (!file)
                die(path);
        while (ret.count < LINES_MAX && (len = getline(&ret.lines[ret.count], &size, file)) > 1) {
                ret.lines[ret.count++][len - 1] = '\0';
                size = 0;
        }
        if (ret.count == 0)
                die("a file without lines");
        return ret;
}

static int compare(const void *a, const void *b) {
        double difference = *(const double *)a - *(const double *)b;

        return (difference > 0) - (difference < 0);
}

double median_of(double *times, size_t count) {
        qsort(times, count, sizeof *times, compare);
        return times[count / 2];
}

void times_print(double *times, size_t count) {
        double median = median_of(times, count), sum = 0;
        size_t i;

        for (i = 0; i < count; i++)
                sum += times[i];
        printf("%.2f %.2f %.2f\n", median, times[count * 99 / 100], sum / (double)count);
}
