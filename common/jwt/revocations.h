/* Which tokens are no longer good although they have not expired: the status page's second table,
 * as a copy that is read again when the page has changed.
 *
 * A token is revoked when an entry for its jti, sid, sub, client_id or for all says `before` and
 * the token's iat is below that. */
#ifndef JETON_JWT_REVOCATIONS_H
#define JETON_JWT_REVOCATIONS_H

#include "claims.h"
#include "pages.h"

/* Revokes whatever the iat is: for a jti and a sid, which are never given twice. */
#define REVOKED_WHENEVER INT64_MAX

struct revocations {
        struct page_revocation *entries; /* owned; ascending by kind and value */
        size_t count;
        bool is_full;     /* there are more than these */
        uint32_t current; /* of the page, when they were read; 0: never */
};

/* Reads the page anew when it has changed since. 0; -EAGAIN: nothing is published yet; -EBADMSG,
 * -EBUSY and other -errno as in pages.h: then the old copy stays and must not be used. */
int revocations_refresh(struct revocations *revocations, int fd);

void revocations_clear(struct revocations *revocations);

/* The value of an entry: the claim's SHA-256, cut. 0 or -ENOMEM. */
int revocation_digest(struct text claim, uint8_t ret[REVOCATION_VALUE_LEN]);

/* Adds an entry, or widens the one that is there. 0 or -ENOMEM. */
int revocations_add(struct revocations *revocations, const struct page_revocation *entry);

/* The `before` that holds for these claims, the highest of all entries; 0: none does. 0 or
 * -errno. */
int revocations_before(const struct revocations *revocations, const struct claims *claims,
                       int64_t *ret_before);

/* Whether the token is revoked. 0; -EOVERFLOW: nobody can tell from these, for there are more;
 * -ENOMEM. */
int revocations_judge(const struct revocations *revocations, const struct claims *claims,
                      bool *ret_revoked);

#endif
