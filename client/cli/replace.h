/* A file with a secret in it, put in place whole or not at all. */
#ifndef JETON_CLI_REPLACE_H
#define JETON_CLI_REPLACE_H

#include "../../common/text.h"

/* Writes `content` to a new file beside `name` in the folder `dir`, 0600 and the caller's own,
 * brings it to the disk and renames it. What was written is wiped when that fails, and what `name`
 * was before stays. A symbolic link is replaced, not followed. 0 or -errno. */
int file_replace(int dir, const char *name, struct text content);

/* The same for a path. */
int path_replace(const char *path, struct text content);

#endif
