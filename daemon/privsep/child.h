/* What every child of the parent does the same way: its control channel on descriptor 3, the set-up
 * it is sent there, giving up rights, leaving when the parent is gone. */
#ifndef JETON_PRIVSEP_CHILD_H
#define JETON_PRIVSEP_CHILD_H

#include "channel.h"

#define CONTROL_FD 3

/* The one thing that a child's environment says: the highest level of its log, a number of
 * syslog(3). Without it: LOG_INFO. */
#define CHILD_LOG_LEVEL "JETON_LOG_LEVEL"

/* Called for each set-up message before GO, and again for each of a reload. A function takes what
 * it wants of frame->fd with take_fd(); what it leaves is closed. 0 or -errno (the child gives up).
 */
typedef int child_setup(void *context, struct frame *frame);

/* A child holds passwords, hashes or keys: no memory image of it may reach a disk or another
 * process of the same uid. And no new privileges, no SIGPIPE, files for itself alone. 0 or -errno.
 */
int child_close_up(enum process self);

/* First thing in main(): log, no core dumps, not dumpable, no new privileges (but a PAM worker's
 * that is not root), SIGPIPE ignored, the control channel opened. 0 or -errno, logged. */
int child_begin(const char *program, enum process self, struct channel *ret_control);

/* Reads set-up messages until GO, 10 s at most. The seccomp program (DESCRIPTOR_FILTER) is kept for
 * child_confine(). 0 or -errno, logged. */
int child_setup_until_go(struct channel *control, child_setup *take_setup, void *context,
                         int *ret_filter_fd);

/* Gives up for good what the process does not need any more: Landlock (unless `keeps_files`), then
 * the seccomp program. Closes filter_fd (-1: the parent sent none, it runs unconfined). 0 or
 * -errno, logged. */
int child_confine(int *filter_fd, bool keeps_files);

/* The same for a process that goes on writing files in one folder, and nowhere else;
 * `with_folders`: also folders in that one. */
int child_confine_to(int *filter_fd, int folder, bool with_folders);

/* The same for a process that goes on reading files below one folder. */
int child_confine_reading(int *filter_fd, const char *folder);

/* The same below folders that it was given; of none: it opens nothing. */
int child_confine_reading_in(int *filter_fd, const int *folders, size_t count);

/* For a process of one task, to which no seccomp program is sent: no path but those of the folders
 * that it was given, where it may do what their modes let it. 0 or -errno, logged. */
int child_confine_within(const int *folders, size_t count);

#endif
