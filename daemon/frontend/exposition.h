/* What was counted, as Prometheus reads it: text format 0.0.4. Knows every name and label, and asks
 * nobody. docs/metrics.md lists the same names; a test compares them. */
#ifndef JETON_FRONTEND_EXPOSITION_H
#define JETON_FRONTEND_EXPOSITION_H

#include "../privsep/counts.h"

#define EXPOSITION_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All pages, as they were unpacked. */
struct sheets {
        uint64_t pages[COUNTS_PAGES][COUNTS_WORDS];
};

/* *ret is a text of malloc(3). 0 or -ENOMEM. */
int exposition_write(const struct sheets *sheets, char **ret, size_t *ret_len);

#endif
