/* The confidential clients: programs that prove themselves by an id and a secret. Changes, reads
 * and errors as in users.h. */
#ifndef JETON_STORE_CLIENTS_H
#define JETON_STORE_CLIENTS_H

#include "../../../common/jwt/claims.h"
#include "transaction.h"

#include <stdint.h>

#define CLIENT_DIGEST_LEN 32 /* SHA-256 */

/* Owns everything that it points to. Texts are never NULL. */
struct client {
        char id[CLIENT_MAX + 1];
        char *name;
        uint8_t digest[CLIENT_DIGEST_LEN]; /* of the secret */
        char *audiences, *scopes;          /* space-separated: what it may have at most */
        bool enabled;
        int64_t created_at;
};

/* NULL is fine. */
void client_free(struct client *client);

static inline void client_freep(struct client **client) {
        client_free(*client);
        *client = NULL;
}

/* One client, or -ENOENT. */
int clients_find(struct store *store, struct text id, struct client **ret);

/* What is kept of one. Lent for the call. */
struct client_row {
        struct text id, name, audiences, scopes;
        uint8_t digest[CLIENT_DIGEST_LEN];
        bool enabled;
};

/* Adds one, made now (clock_wall_s()). 0; -EEXIST, and nothing is changed: the id is taken. */
int clients_add(struct transaction *transaction, const struct client_row *row, int64_t now);

/* Puts all of the row in the place of what its client has. -ENOENT: no such client. */
int clients_change(struct transaction *transaction, const struct client_row *row);

/* -ENOENT: no such client. */
int clients_delete(struct transaction *transaction, struct text id);

/* As users_list(), by ascending id. */
int clients_list(struct store *store, uint32_t skip, uint32_t limit,
                 int (*each)(void *context, const struct client *client), void *context,
                 uint64_t *ret_total);

#endif
