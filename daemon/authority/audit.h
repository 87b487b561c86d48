/* One line for each decision: who asked, what, and what came of it. The one place where such lines
 * are made. Never a secret; what came from outside is escaped. jetond(8) lists the words. */
#ifndef JETON_AUTHORITY_AUDIT_H
#define JETON_AUTHORITY_AUDIT_H

#include "../privsep/loop.h"
#include "audit_limit.h"
#include "audit_out.h"
#include "call.h"

#define LOG_NAME_MAX 64

struct audit {
        struct audit_out out;
        struct audit_limit limit;
        struct timer sweep; /* counts of what was left out are due */
};

int audit_new(struct audit **ret);
void audit_free(struct audit *audit);

/* The parent's gift: where the lines go from now on. Takes over `fd`. -EPROTO: not for lines. */
int audit_take_descriptor(struct audit *audit, enum descriptor what, int fd);

/* `user` is what the caller named; `detail` may be NULL, otherwise it is key=value words, of which
 * log_escape() has seen what came from outside, between quotes. A result other than "granted" and
 * "done" is a refusal, of which a flood is cut short. */
void audit(const struct call *call, const char *event, const char *result, struct text user,
           const char *detail);

/* The same about something else than what the call itself is given: nothing of its token. */
void audit_beside(const struct call *call, const char *event, struct text user, const char *detail);

/* For a call that is refused by a step that has not said so itself. */
void audit_refusal(const struct call *call, const struct msg_answer_refused *refused);

/* For one that is over budget. */
void audit_budget(const struct call *call);

/* For one that failed because something is broken or away. */
void audit_failure(const struct call *call, int error);

/* For a key that the signer has moved on, by itself or because it was asked. 0; -EPROTO: no such
 * change. */
int audit_key(struct authority *authority, const struct msg_key_changed *change);

/* Which client the call is of, as it was named; empty: the built-in one. For the call's lines until
 * a token is signed, which says it itself. */
void audit_keep_client(struct call *call, struct text client_id);

/* A copy of a name as the caller wrote it, cut to what a log line shows. */
void audit_keep_name(struct text name, char ret[LOG_NAME_MAX + 1]);

#endif
