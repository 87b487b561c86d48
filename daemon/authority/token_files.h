/* The folder in which a session finds its token: UID/SID, which that uid alone can read. Knows
 * nothing of sessions.
 *
 * `dir` is the folder's descriptor. Everything is made and removed relative to it, by the uid and
 * the sid and no other name. */
#ifndef JETON_AUTHORITY_TOKEN_FILES_H
#define JETON_AUTHORITY_TOKEN_FILES_H

#include "../../common/text.h"

#include <stdint.h>

/* Puts the token in its file, which is replaced as a whole: a reader has the old one or the new
 * one. 0 or -errno. */
int token_file_write(int dir, uint32_t uid, const char *sid, struct text token);

/* None there is fine. The uid's folder goes with its last file. 0 or -errno. */
int token_file_remove(int dir, uint32_t uid, const char *sid);

/* Before the process is confined: calls each() for each file that is named as one of ours, and
 * removes what it does not keep (0: remove, 1: keep, -errno: give up). Anything else goes too. */
int token_files_sort(int dir, int (*each)(void *context, uint32_t uid, const char *sid),
                     void *context);

#endif
