/* Names become ids here, once, when the settings are read (getpwnam(3), getgrnam(3)). */
#ifndef JETON_PARENT_IDENTITIES_H
#define JETON_PARENT_IDENTITIES_H

#include "../../common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whose rights a child has. */
enum account {
        ACCOUNT_AUTHORITY = 0, /* jeton */
        ACCOUNT_SIGNER,        /* jeton-signer */
        ACCOUNT_FRONTEND,      /* jeton-frontend */
        ACCOUNT_WORKER,        /* jeton-worker */
        ACCOUNT_COUNT,
        ACCOUNT_OWN = ACCOUNT_COUNT, /* the parent's */
};

struct identity {
        uid_t uid;
        gid_t gid;
};

struct identities {
        struct identity of[ACCOUNT_COUNT];
        bool change; /* false with --state: children keep the parent's ids */
};

/* Lent; NULL: a child keeps the parent's. */
static inline const struct identity *identities_of(const struct identities *identities,
                                                   enum account account) {
        return identities->change && account != ACCOUNT_OWN ? &identities->of[account] : NULL;
}

/* A user's name, or a uid in decimal; a group's name or gid. */
bool account_exists(struct text name);
bool group_exists(struct text name);

/* 0, or -ENOENT when there is none. */
int account_find(struct text name, struct identity *ret);
int group_find(struct text name, gid_t *ret);

/* All accounts of the system layout (logged by name when one is missing: -ENOENT; two with one uid:
 * -EINVAL), or the caller's own for `single_uid`. */
int identities_find(bool single_uid, struct identities *ret);

#endif
