/* The compact form of RFC 7515 3.1: header, payload and signature in base64url, with dots between
 * them. Decodes none of the three. */
#ifndef JETON_JWT_COMPACT_H
#define JETON_JWT_COMPACT_H

#include "../text.h"

/* All lent by the token. */
struct compact {
        struct text header, payload, signature;
        struct text signed_bytes; /* header, dot, payload */
};

/* False unless there are exactly two dots. */
bool compact_split(struct text token, struct compact *ret);

#endif
