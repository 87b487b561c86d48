/* RFC 3339 times in UTC, as bodies hold them: 2026-01-31T12:00:00Z. */
#ifndef JETON_FRONTEND_DATE_H
#define JETON_FRONTEND_DATE_H

#include "../../common/text.h"

#include <stdint.h>

#define DATE_SIZE sizeof "9999-12-31T23:59:59Z"

/* false for a moment before 1970 or after the year 9999. */
bool date_write(int64_t seconds, char ret[DATE_SIZE]);

/* Exactly what date_write() writes, after 1970. 0 or -EINVAL. */
int date_read(struct text text, int64_t *ret);

#endif
