/* What the programs here share: a clock, lines of a file, and a row of times in a few numbers. */
#ifndef JETON_BENCH_MEASURE_H
#define JETON_BENCH_MEASURE_H

#include <stddef.h>

#define LINES_MAX 100000

struct lines {
        char **lines; /* without their newlines; live as long as the program */
        size_t count;
};

double now_us(void);
double spent_us(void); /* how long this process has run */

/* Ends the program where there is none. */
struct lines lines_read(const char *path);

/* Sorts them, and gives the one in the middle. */
double median_of(double *times, size_t count);

/* Sorts them, and prints one line: the median, the 99th percentile and the mean. */
void times_print(double *times, size_t count);

/* calloc(3), or the end of the program. */
void *zeroed(size_t count, size_t size);

void die(const char *what) __attribute__((noreturn));

#endif
