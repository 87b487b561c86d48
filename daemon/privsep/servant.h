/* A child that only answers: its control channel, one channel to the authority, one question at a
 * time. What the questions are is its own business. */
#ifndef JETON_PRIVSEP_SERVANT_H
#define JETON_PRIVSEP_SERVANT_H

#include "channel.h"

#include <stdbool.h>

#define SERVANT_FOLDERS_MAX 16

struct servant {
        const char *program;
        enum process self;
        bool keeps_files;  /* child_confine() */
        const char *reads; /* NULL, or the folder of child_confine_reading() */

        /* NULL, or gives those of child_confine_reading_in(), borrowed, in a place for
         * SERVANT_FOLDERS_MAX. */
        size_t (*folders)(int *ret);

        bool is_for_one; /* answers one question and ends */

        /* Takes what is given besides the channel, taking over frame->fd. May be NULL: nothing is.
         * 0 or -errno. */
        int (*accept)(struct frame *frame);

        /* Before the process is confined. May be NULL. 0 or -errno, logged. */
        int (*prepare)(void);

        /* Answers one frame of the authority by channel_send(). 0 or -errno: then the process ends.
         */
        int (*answer)(struct channel *authority, const struct frame *question);
};

/* From the first line of main() to the last. Returns the exit status: 0 when the parent or the
 * authority has closed its end. */
int servant_run(const struct servant *servant);

#endif
