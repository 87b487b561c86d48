/* The two fences of a child that has everything it needs: Landlock takes away the file system and
 * the network, a seccomp program the system calls. Both hold until the process ends. */
#ifndef JETON_PRIVSEP_SANDBOX_H
#define JETON_PRIVSEP_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* No path can be opened, no TCP port bound or reached, no process outside signalled, as far as the
 * running kernel knows these rights; nothing where it knows none, or where a container lets nobody
 * ask for them. Open descriptors stay good.
 * 0 or -errno. */
int sandbox_landlock(void);

/* The same, but for plain files directly in or below that folder: to make, write, rename within
 * their folder and remove; `with_folders`: to make and remove folders there too. None can be read.
 */
int sandbox_landlock_but(int folder, bool with_folders);

/* The same, but for what is below those folders: to read plain files. */
int sandbox_landlock_reading(const int *folders, size_t count);

/* The same, but for plain files directly in or below those folders, and these themselves: to do
 * with them whatever their modes let the process. */
int sandbox_landlock_within(const int *folders, size_t count);

/* Installs the program of struct sock_filter that fills the file *fd from its start; the file is
 * closed first, because the program need not allow close(2). 0; -EBADMSG when it is no whole number
 * of instructions or more than the kernel takes; other -errno. */
int sandbox_seccomp(int *fd);

#endif
