/* The login codes that are out: each takes the place of one user's password once, for one service.
 * They are in memory alone, hashed, and gone with the process. A table of fixed size and its rules:
 * no I/O, no clock, no policy. */
#ifndef JETON_AUTHORITY_CODES_H
#define JETON_AUTHORITY_CODES_H

#include "../../common/jwt/claims.h"
#include "code_spelling.h"

#include <stdbool.h>

#define CODES_MAX      1024
#define CODES_USER_MAX 4
#define CODE_TRIES     3

struct codes;

/* Whose it is, and by which token it was made. */
struct code {
        uint64_t user_id;
        uint32_t uid; /* the local account that was linked to him */
        char service[SERVICE_MAX + 1];
        char sid[SID_LEN + 1], jti[JTI_LEN + 1], client_id[CLIENT_MAX + 1];
        int64_t iat, exp;
};

enum code_answer {
        CODE_NONE = 0, /* he has none for that service, or this has not the form of one */
        CODE_WRONG,    /* he has, and this is another */
        CODE_SPENT,    /* the same, and was the last try */
        CODE_RIGHT = 0x6a,
};

/* 0 or -ENOMEM. */
int codes_new(struct codes **ret);
/* Wipes them. NULL is fine. */
void codes_free(struct codes *codes);

/* Times are of a clock that goes on while the host sleeps.
 *
 * Takes a code in until `ends_ms`, in the place of the user's earlier one for that service; where
 * he has CODES_USER_MAX others, in the place of the one that ends first. 0; -EBUSY: the table is
 * full; -ENOMEM. */
int codes_add(struct codes *codes, const struct code *code, const uint8_t bytes[CODE_BYTES],
              int64_t now_ms, int64_t ends_ms);

/* Is this his code for that service? A right one is used up by the question, as is any one by the
 * third wrong answer. Takes the same time whether he has one or not. *ret is set unless the answer
 * is CODE_NONE. 0 or -ENOMEM. */
int codes_try(struct codes *codes, uint64_t user_id, struct text service, struct text typed,
              int64_t now_ms, enum code_answer *ret_answer, struct code *ret);

#endif
