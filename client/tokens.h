/* A request for tokens, and what it gave: POST /token, whatever the grant. */
#ifndef JETON_CLIENT_TOKENS_H
#define JETON_CLIENT_TOKENS_H

#include "body.h"
#include "handle.h"
#include "request.h"

#define AUDIENCES_MAX 16
#define FIELDS_MAX    (8 + AUDIENCES_MAX)

struct grant {
        const char *refused_as; /* the error of RFC 6749 5.2 that is JETON_LOGIN_REFUSED here */
        struct field fields[FIELDS_MAX];
        size_t count;
};

/* A field with an empty value is not sent. */
void grant_add(struct grant *grant, struct text name, struct text value);

/* Each of a space-separated list; -EINVAL, having said so in the handle: more than AUDIENCES_MAX.
 */
int grant_add_audiences(struct jeton *jeton, struct grant *grant, const char *list);

/* POST of a form: one round trip. As request_send(), or -ENOMEM, and the sentence. */
int form_ask(struct jeton *jeton, const char *path, const struct field *fields, size_t count,
             struct answer *ret);

/* One round trip. As jeton_login() in jeton.h. */
int grant_ask(struct jeton *jeton, const struct grant *grant, enum jeton_login_outcome *ret_outcome,
              struct jeton_tokens **ret_tokens);

#endif
