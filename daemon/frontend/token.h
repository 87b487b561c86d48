/* What the grants of POST /token share. */
#ifndef JETON_FRONTEND_TOKEN_H
#define JETON_FRONTEND_TOKEN_H

#include "json.h"
#include "params.h"
#include "routes.h"

/* RFC 6749 5.1: the members of a reply with a token. */
void token_to_json(const struct msg_answer_token *token, struct json *ret);

/* A call_finish for the grants that add nothing to it. */
int token_finish(struct request *request, const union message *answer);

/* For whom the token is to be, which lies in `place` where there are several, and for what. 0, or
 * -EBADMSG with a fault. */
int token_read_target(struct request *request, const struct params *params,
                      char place[AUDIENCE_MAX], struct text *ret_audience, struct text *ret_scope);

/* The grants that have files of their own. */
int client_credentials_begin(struct request *request, const struct params *params);
int exchange_begin(struct request *request, const struct params *params);

#endif
