/* Files whose words are believed: nobody but root and we can change them, or put others in their
 * place. */
#ifndef JETON_PARENT_GUARDED_H
#define JETON_PARENT_GUARDED_H

#include <sys/types.h>

#define GUARDED_WRONG_MAX 512

/* Opens a file or folder, by `type` S_IFREG or S_IFDIR, to be read. It and each folder on the way
 * to it, symlinks followed, must be root's or ours and writable by no one else; a folder above it
 * may be one like /tmp, where nobody takes away what is not his. 0; or -EINVAL with "PATH: what is
 * wrong" in ret_wrong. */
int guarded_open(const char *path, mode_t type, int *ret_fd, char ret_wrong[GUARDED_WRONG_MAX]);

/* The same for a folder that itself may be anybody's, and writable by anybody. */
int guarded_open_folder(const char *path, int *ret_fd, char ret_wrong[GUARDED_WRONG_MAX]);

#endif
