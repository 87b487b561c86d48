/* One question to the daemon and its answer in JSON, or a sentence that says what went wrong.
 *
 * A connection is made for each request: nothing to be found broken later, nothing for two threads
 * to share. */
#ifndef JETON_CLIENT_REQUEST_H
#define JETON_CLIENT_REQUEST_H

#include "exchange.h"
#include "failure.h"
#include "place.h"

#include <jansson.h>

struct answer {
        unsigned status;
        json_t *json; /* an object or an array; NULL for a 204 */
};

/* 0 for every complete answer in JSON, refusals too. Otherwise -errno of exchange_connect() and
 * exchange(), and the sentence. */
int request_send(const struct place *place, unsigned timeout_ms,
                 const struct exchange_request *request, struct failure *failure,
                 struct answer *ret);

/* The code of an error of RFC 6749 5.2; "" when the answer has none. */
const char *answer_error(const struct answer *answer);

/* A member that is a string; NULL when it is absent, null or anything else. */
const char *answer_string(const struct answer *answer, const char *name);

/* Says why an answer that is no success was given, as -errno: -EAGAIN: try again; -EINVAL: the
 * request was malformed; -EACCES: the caller may not do this; otherwise -EPROTO. */
int answer_refusal(const struct answer *answer, struct failure *failure);

void answer_clear(struct answer *answer);

#endif
