/* The pages in which the frontends and this process count (privsep/counts.h): memory without a
 * name, of one size for ever. It outlives who writes in it. */
#ifndef JETON_PARENT_COUNT_PAGES_H
#define JETON_PARENT_COUNT_PAGES_H

#include "../privsep/counts.h"

struct count_pages {
        int writer[COUNTS_SHARED]; /* for the one that counts there */
        int reader[COUNTS_SHARED]; /* for the authority: cannot become a writer's */
        uint64_t *own;             /* mapped; NULL before count_pages_open() */
};

void count_pages_init(struct count_pages *pages);
void count_pages_close(struct count_pages *pages);

/* 0 or -errno. */
int count_pages_open(struct count_pages *pages);

/* A process ended that was not to end. */
void count_pages_ended(struct count_pages *pages, enum process process);

#endif
