/* What `jeton restore` has made ready takes the place of what was there, step by step. A host that
 * loses power in between goes on with it: before that moment all is as it was, after it all is as
 * restored, and no jetond starts in between.
 *
 *         restore.new/           being written; to be removed
 *         restore.ready/         whole, and on the disk: its name is the decision
 *                new/{db,keys,issuer}    what is not in its place yet
 *                old/{db,keys,issuer}    what was there
 *         before-restore.N/      what was there, kept */
#ifndef JETON_PARENT_RESTORED_H
#define JETON_PARENT_RESTORED_H

#include <stdbool.h>
#include <stddef.h>

#define RESTORE_NEW   "restore.new"
#define RESTORE_READY "restore.ready"
#define RESTORE_KEPT  "before-restore." /* and a number */

#define RESTORE_KEPT_MAX 32

/* Brings a decided restore to its end, in the state's folder; nothing to do is fine. The caller has
 * the lock of the daemon. *ret_done: there was something to do; ret_kept: the folder with what was
 * there, or "". 0 or -errno: to be tried again. */
int restored_finish(int state_dir, bool *ret_done, char ret_kept[RESTORE_KEPT_MAX]);

#endif
