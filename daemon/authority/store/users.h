/* The users: who there is, with which roles, linked to which local account.
 *
 * What changes them takes a transaction: until that is committed nothing is on the disk, and what
 * such a function gave has not come to be. Errors as in
 * store.h; verdicts are in ret_conflict. Names and texts have passed common/name.h before they come
 * here; the schema refuses the rest (-EINVAL). */
#ifndef JETON_STORE_USERS_H
#define JETON_STORE_USERS_H

#include "store.h"
#include "transaction.h"
#include "../../../common/name.h"
#include "../../../common/secret.h"
#include "../../../common/wire/user.h"

#include <stdint.h>

/* Owns everything that it points to. Texts are never NULL, empty when there is none. */
struct user {
        uint64_t id; /* from 1, never given twice */
        char name[USER_NAME_MAX + 1];
        char *full_name, *email;
        char *roles;         /* space-separated, sorted, each once */
        struct secret *hash; /* NULL: no password */
        bool disabled;
        bool must_change; /* his password, at the next login */
        bool has_uid;
        uint32_t uid;                            /* of the linked local account */
        int64_t created_at, password_changed_at; /* clock_wall_s(); 0: never had a password */
        int64_t expires_at;                      /* clock_wall_s(); 0: never */
};

static inline bool user_has_expired(const struct user *user, int64_t now) {
        return user->expires_at != 0 && user->expires_at <= now;
}

/* Whether he may log in, and is who his tokens say. */
static inline bool user_is_active(const struct user *user, int64_t now) {
        return !user->disabled && !user_has_expired(user, now);
}

/* Whether his password is to be changed before he may log in; 0: passwords do not age. Who has none
 * here has one elsewhere, and changes it there. */
static inline bool user_must_change(const struct user *user, int64_t max_age_s, int64_t now) {
        return user->hash && (user->must_change ||
                              (max_age_s > 0 && user->password_changed_at + max_age_s <= now));
}

/* Wipes the hash. NULL is fine. */
void user_free(struct user *user);

static inline void user_freep(struct user **user) {
        user_free(*user);
        *user = NULL;
}

/* One user, or -ENOENT. */
int users_find_name(struct store *store, struct text name, struct user **ret);
int users_find_id(struct store *store, uint64_t id, struct user **ret);
int users_find_uid(struct store *store, uint32_t uid, struct user **ret);

/* All digits is an id, anything else a name (which never begins with a digit). */
int users_find(struct store *store, struct text id_or_name, struct user **ret);

/* Lent for the call. An empty hash means that the user has no password. */
struct new_user {
        struct text name, full_name, email;
        struct text roles; /* space-separated; a repeated one counts once */
        struct text hash;
        bool has_uid;
        uint32_t uid;
        bool disabled, must_change;
        int64_t expires_at;          /* 0: never */
        int64_t now;                 /* clock_wall_s() */
        int64_t created_at;          /* 0: now */
        int64_t password_changed_at; /* 0: now, where there is a hash */
        bool email_of_admin;         /* an administrator has set it for him */
        bool is_charged; /* he makes himself: one of at most `share_max` that this share has */
        uint32_t charged_to, share_max;
};

enum users_conflict {
        USERS_FINE = 0,
        USERS_NAME_TAKEN,
        USERS_UID_TAKEN,  /* another user is linked to that account */
        USERS_SHARE_FULL, /* as many as may be have made themselves on that share */
};

/* As many users may be linked as the status page can name: one more is -E2BIG. */
#define USERS_LINKED_MAX 65536

/* Adds a user and gives him as he stands in the database. On a conflict 0 is returned, nothing is
 * changed and *ret is untouched. */
int users_add(struct transaction *transaction, const struct new_user *new_user,
              enum users_conflict *ret_conflict, struct user **ret);

/* How many users there are who made themselves on that share. */
int users_count_share(struct store *store, uint32_t charged_to, uint32_t *ret);

/* Lent for the call. What is not named in `members` stays as it is. */
struct user_change {
        unsigned members; /* enum user_member */
        struct text full_name, email;
        bool email_of_admin; /* an administrator sets it: an outside login may be linked by it */
        struct text roles;   /* space-separated; a repeated one counts once */
        bool disabled;
        int64_t expires_at; /* 0: never */
        bool has_uid;
        uint32_t uid;
        struct text hash; /* a new one need not be changed, unless `must_change` is named too */
        bool must_change;
        struct text proven_hash; /* the change is for him who has this one; empty: for any */
        bool is_of_account;      /* and for him who is linked to `account` */
        uint32_t account;
        int64_t now; /* clock_wall_s() */
};

/* Changes a user and gives him as he stands then. On a conflict 0 is returned, nothing is changed
 * and *ret is untouched. -ENOENT: no such user, or not with `proven_hash` or with that
 * account. */
int users_change(struct transaction *transaction, uint64_t id, const struct user_change *change,
                 enum users_conflict *ret_conflict, struct user **ret);

/* Removes a user with his roles and his link; his id is not given again. -ENOENT: no such user. */
int users_remove(struct transaction *transaction, uint64_t id);

/* Whether some user who may log in has that role. */
int users_have_role(struct store *store, struct text role, int64_t now, bool *ret);

/* Replaces the hash of an unchanged password by a newer format of it, only where `old_hash` still
 * stands: -ESTALE when it does not, or when there is no such user. */
int users_set_hash(struct transaction *transaction, uint64_t id, struct text old_hash,
                   struct text new_hash);

/* Gives up to `limit` users by ascending id, after the first `skip`, to each(), which borrows them
 * and must not use the store; what it returns other than 0 ends the list and is returned. `q` is a
 * part of the name, full name or e-mail, ASCII letters of either case being equal; empty:
 * everybody. *ret_total counts all that match. */
int users_list(struct store *store, uint32_t skip, uint32_t limit, struct text q,
               int (*each)(void *context, const struct user *user), void *context,
               uint64_t *ret_total);

/* The uids that are linked, ascending. -E2BIG when they are more than `max`. */
int users_linked_uids(struct store *store, uint32_t *ret_uids, size_t max, size_t *ret_count);

#endif
