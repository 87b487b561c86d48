/* The public keys and the issuer, as the keys page has them now. */
#ifndef JETON_FRONTEND_KEYS_H
#define JETON_FRONTEND_KEYS_H

#include "../../common/jwt/keyset.h"

struct keys {
        int page_fd;           /* owned */
        struct keyset *keyset; /* owned; NULL before the first refresh */
};

/* Lets OpenSSL load what it needs, before the sandbox closes. 0 or -errno. */
int keys_prepare(void);

/* As keyset_refresh(). */
int keys_refresh(struct keys *keys);

void keys_clear(struct keys *keys);

#endif
