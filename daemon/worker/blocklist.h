/* The list of passwords that everybody tries first. */
#ifndef JETON_WORKER_BLOCKLIST_H
#define JETON_WORKER_BLOCKLIST_H

#include "../../common/text.h"

#include <stdbool.h>

/* Reads a file of one password a line, in the place of the list so far. 0; -EFBIG beyond 4 MiB;
 * other -errno: that list stays. */
int blocklist_read(int fd);

/* Whether it is on the list, ASCII letters of either case being equal. No list has none. */
bool blocklist_has(struct text password);

#endif
