/* Moments as replies show them. */
#ifndef JETON_FRONTEND_TIME_H
#define JETON_FRONTEND_TIME_H

#include "json.h"

#include <stdint.h>

/* RFC 3339 in UTC; null for a moment that no clock of ours has shown. */
void json_add_time(struct json *object, const char *name, int64_t seconds);

#endif
