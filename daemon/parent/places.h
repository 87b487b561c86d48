/* The directories and files that jetond keeps, and the lock of the one who keeps them. */
#ifndef JETON_PARENT_PLACES_H
#define JETON_PARENT_PLACES_H

#include "identities.h"

enum place {
        PLACE_RUN = 0, /* sockets and public pages; everybody reads it */
        PLACE_TOKENS,  /* session tokens, a folder for each uid */
        PLACE_STATE,
        PLACE_DB,   /* the authority's own */
        PLACE_KEYS, /* the signer's own */
        PLACE_COUNT,
};

struct places {
        char *path[PLACE_COUNT];
        int fd[PLACE_COUNT]; /* O_DIRECTORY; -1 when closed */
        int lock;            /* held until the process ends */
};

/* Where everything is: below `state`, or where the system has it (NULL). Touches nothing. 0 or
 * -ENOMEM. */
int places_name(const char *state, struct places *ret);

/* Makes what is missing, checks what is there: a directory, no symlink, of the right owner, not
 * open to anyone it should not be. All but the database's and the keys'. 0; -errno, logged with
 * path and reason. */
int places_open(struct places *places, const struct identities *identities);

/* One jetond a run directory. 0; -EBUSY when another holds it; -errno. Logged. */
int places_lock(struct places *places);

/* The rest of them, with the lock held. */
int places_open_locked(struct places *places, const struct identities *identities);

void places_clear(struct places *places);

/* Writes a small file so that it is there whole or not at all, also after a power cut: a new file,
 * fsync(2), rename(2), fsync(2) of the folder. 0 or -errno. */
int place_write(int dir, const char *name, const void *bytes, size_t len);

#endif
