/* Which subject of which outside issuer is which user, and which of their tokens have been used. */
#ifndef JETON_STORE_OUTSIDE_LINKS_H
#define JETON_STORE_OUTSIDE_LINKS_H

#include "store.h"
#include "transaction.h"
#include "../../../common/name.h"

#include <stdint.h>

#define OUTSIDE_LINKS_MAX  16 /* of one user */
#define OUTSIDE_DIGEST_LEN 32

struct outside_link {
        char issuer[ISSUER_MAX + 1];
        char sub[OUTSIDE_SUB_MAX + 1];
        uint64_t user_id;
        bool by_email;      /* made by the first login; otherwise by an administrator */
        int64_t created_at; /* clock_wall_s() */
};

/* Whose it is, or -ENOENT. */
int outside_links_find(struct store *store, struct text issuer, struct text sub,
                       uint64_t *ret_user_id);

/* The one user whom an address may link: an administrator has set it, for nobody else, no link was
 * made for him since, and he has none. ASCII letters of either case are equal. -ENOENT: nobody. */
int outside_links_find_email(struct store *store, struct text email, uint64_t *ret_user_id);

/* Adds a link; from then on the user's e-mail makes none. 0; -EEXIST: the subject is somebody's
 * already; -EMLINK: the user has as many as may be; -ENOENT: no such user. */
int outside_links_add(struct transaction *transaction, const struct outside_link *link);

/* -ENOENT: the user has no such link. */
int outside_links_remove(struct transaction *transaction, const struct outside_link *link);

/* Gives those of a user, oldest first, to each(), which borrows them; what it returns other than 0
 * ends the list and is returned. */
int outside_links_list(struct store *store, uint64_t user_id,
                       int (*each)(void *context, const struct outside_link *link), void *context,
                       uint64_t *ret_total);

/* Uses a token up: it is remembered until `forget_at`, when it has expired. -EEXIST: it was used
 * before. */
int outside_tokens_use(struct transaction *transaction, const uint8_t digest[OUTSIDE_DIGEST_LEN],
                       int64_t now, int64_t forget_at);

#endif
