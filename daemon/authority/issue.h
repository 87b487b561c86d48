/* The last steps of every grant whose token needs nothing but a signature. */
#ifndef JETON_AUTHORITY_ISSUE_H
#define JETON_AUTHORITY_ISSUE_H

#include "call.h"

/* A kind of grant. Borrowed for ever. */
struct issue_kind {
        const char *event;  /* of its audit lines */
        enum refusal ended; /* what it was to be made for was revoked meanwhile */
};

/* Has it signed, then answers with it and writes its audit line; not when its subject, session or
 * client was revoked since `began` (clock_wall_s()). `from_jti` is the token it is made from;
 * empty: none. 0 or -errno. */
int issue_token(struct call *call, const struct issue_kind *kind, int64_t began,
                struct text from_jti, const struct msg_sign_access *fields);

/* Writes the line of a refusal, with what the administrator needs to know and the caller is not
 * told, and refuses. `who` and what is put into the reason may hold anything. */
int issue_refuse(struct call *call, const struct issue_kind *kind, struct text who,
                 enum refusal refusal, const char *reason, ...)
        __attribute__((format(printf, 5, 6)));

#endif
