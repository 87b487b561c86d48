/* The daemon's state while no daemon has it, and none can start on it. */
#ifndef JETON_CLI_BACKUP_LOCKED_H
#define JETON_CLI_BACKUP_LOCKED_H

#include "../../../daemon/parent/identities.h"

struct locked {
        char *path;
        int state, lock; /* the folder; held while it is open */
        struct identity authority, signer;
        bool has_database;
};

#define LOCKED_NONE                     \
        (struct locked) {               \
                .state = -1, .lock = -1 \
        }

/* Whether we are whose daemon it is: root, or with --state its owner. 0; -EPERM, logged. */
int locked_may(const char *dir);

/* Takes the lock of the daemon whose state is `dir` (NULL: the host's), makes the folders that are
 * missing, and brings a restore that was broken off to its end. 0; -EBUSY: a daemon runs; -EXDEV: a
 * folder cannot be replaced, because it is a mount; other -errno; logged. */
int locked_open(const char *dir, struct locked *ret);

void locked_close(struct locked *locked);

#endif
