/* What GET /auth demands of a token. */
#ifndef JETON_FRONTEND_AUTH_H
#define JETON_FRONTEND_AUTH_H

#include "../../common/text.h"

struct auth_rule {
        struct text audience; /* empty: the issuer */
        struct text scope;    /* list: all of it must be there; empty: none is needed */
        struct text roles;    /* list, likewise */
};

#endif
