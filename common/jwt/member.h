/* The members of our tokens' payload: one table for the writer and the reader. */
#ifndef JETON_JWT_MEMBER_H
#define JETON_JWT_MEMBER_H

#include "claims.h"

enum member_kind {
        MEMBER_STRING,   /* a string, not empty */
        MEMBER_AUDIENCE, /* a string when it is one word, otherwise an array */
        MEMBER_WORDS,    /* an array of strings without spaces */
        MEMBER_TIME,     /* a number, of seconds mostly, not 0 */
        MEMBER_UID,      /* a number of 32 bits; claims.has_uid says that it is there */
};

struct member {
        const char *name;
        enum member_kind kind;
        size_t offset; /* in struct claims */
        size_t size;
};

#define MEMBER_COUNT    19
#define MEMBER_NAME_MAX 15

/* RFC 7493 2.2: what every JSON reader takes for the number it is. */
#define NUMBER_MAX (1ULL << 53)

extern const struct member claim_members[MEMBER_COUNT];

#endif
