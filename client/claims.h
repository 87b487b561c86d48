/* Claims as the library gives them out. */
#ifndef JETON_CLIENT_CLAIMS_H
#define JETON_CLIENT_CLAIMS_H

#include "../common/jwt/claims.h"
#include "../include/jeton.h"

struct jeton_claims {
        struct claims claims;
};

static inline void jeton_claims_freep(struct jeton_claims **claims) {
        jeton_claims_free(*claims);
        *claims = NULL;
}

#endif
