/* Times as other programs write them, as RFC 3339 in UTC to the second. */
#ifndef JETON_CLI_IMPORT_MOMENT_H
#define JETON_CLI_IMPORT_MOMENT_H

#include "../../../common/text.h"

#include <stdint.h>

#define MOMENT_SIZE 21

/* "2026-01-31T12:00:00Z", with a blank for the T, with a fraction, with an offset or without any,
 * which is UTC; a date alone is its first second. 0 or -EINVAL. */
int moment_read(struct text text, char ret[MOMENT_SIZE]);

/* The same, as seconds since 1970: more than none. */
int moment_seconds(struct text text, int64_t *ret);

/* Seconds since 1970. 0; -EINVAL: the year is not one of four digits. */
int moment_write(int64_t seconds, char ret[MOMENT_SIZE]);

#endif
