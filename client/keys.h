/* The daemon's public keys as its keys page has them, kept until it changes. */
#ifndef JETON_CLIENT_KEYS_H
#define JETON_CLIENT_KEYS_H

#include "../common/jwt/keyset.h"
#include "../common/jwt/revocations.h"
#include "place.h"

struct key_source {
        int fd;                /* the page, or -1 */
        struct keyset *keyset; /* owned; NULL: none yet */
};

/* Lends the newest keys; they live until the next call. Errors of page_open() and
 * keyset_refresh(). */
int key_source_get(struct key_source *source, const struct place *place,
                   const struct keyset **ret_keyset);

void key_source_clear(struct key_source *source);

/* The revocations as the status page has them, kept likewise. */
struct status_source {
        int fd; /* the page, or -1 */
        struct revocations revocations;
};

/* Lends the newest; they live until the next call. Errors of page_open() and
 * revocations_refresh(). */
int status_source_get(struct status_source *source, const struct place *place,
                      const struct revocations **ret_revocations);

void status_source_clear(struct status_source *source);

#endif
