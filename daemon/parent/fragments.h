/* The files of a conf.d folder. */
#ifndef JETON_PARENT_FRAGMENTS_H
#define JETON_PARENT_FRAGMENTS_H

/* Calls `read` for each *.conf in `dir`, in the order of their names, until one call is not 0. Its
 * answer; 0 where there is no such folder; -errno when it cannot be read. */
int fragments_read(const char *dir, int (*read)(void *context, const char *path), void *context);

#endif
