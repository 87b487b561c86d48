/* The Authorization field: how a caller wants to be known. Reads it, believes nothing of it. */
#ifndef JETON_FRONTEND_AUTHORIZATION_H
#define JETON_FRONTEND_AUTHORIZATION_H

#include "../../common/text.h"
#include "fault.h"

enum scheme {
        SCHEME_NONE = 0,
        SCHEME_PEER,
        SCHEME_BEARER,
        SCHEME_BEARER_BROKEN, /* what stands behind Bearer is no token at all */
        SCHEME_BASIC_EMPTY,   /* Basic with an empty secret and the public client's id or none: what
                               * some libraries send for a client that has no secret */
        SCHEME_BASIC,
        SCHEME_OTHER,
};

struct authorization {
        enum scheme scheme;
        struct text bearer; /* lent by the field; only where the scheme is BEARER */
        struct text basic;  /* likewise for BASIC, not decoded */
};

/* `value` is the field's, TEXT_NONE when there is none. 0, or -EBADMSG with a fault for Peer with
 * something behind it. */
int authorization_parse(struct text value, struct authorization *ret, struct fault *fault);

#endif
