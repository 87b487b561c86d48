/* PAM workers: started when the authority asks for one, ended in time with all that they started.
 */
#ifndef JETON_PARENT_PAM_WORKERS_H
#define JETON_PARENT_PAM_WORKERS_H

#include "parent.h"

/* What modules start and leave behind is to become ours, where there is a PAM source. 0 or -errno.
 */
int pam_workers_prepare(const struct parent *parent);

/* Starts one, in a place that is free, for a source that the settings have. The authority is told
 * what came of it. 0; -EPROTO: there is no such place or source, or it is not free. */
int pam_worker_start(struct parent *parent, const struct msg_pam_start *message);

/* It has ended, and was forgotten: the authority is told that its place is free. */
void pam_worker_ended(struct child *child);

/* Kills whatever PAM workers have left behind. After each process that has ended: its children are
 * ours then. */
void pam_orphans_kill(struct parent *parent);

/* The same when all children have been reaped, and waits until what was left behind is gone. */
void pam_orphans_end(struct parent *parent);

#endif
