/* The public keys and the issuer, as the keys page has them now. */
#ifndef JETON_FRONTEND_KEYS_H
#define JETON_FRONTEND_KEYS_H

#include "../../common/jwt/keyset.h"

struct keys {
        int page_fd;      /* owned */
        uint32_t current; /* of the page, when the two below were read; 0: never */
        struct keys_table table;
        struct keyset *keyset; /* owned */
};

/* Lets OpenSSL load what it needs, before the sandbox closes. 0 or -errno. */
int keys_prepare(void);

/* Reads the page again if it has changed. 0; -EAGAIN: nothing is published yet; other -errno. */
int keys_refresh(struct keys *keys);

void keys_clear(struct keys *keys);

#endif
