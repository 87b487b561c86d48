/* The id and secret with which a client proves itself (RFC 6749 2.3.1): in a field, or in the form.
 * Read here, judged by the authority. */
#ifndef JETON_FRONTEND_CLIENT_PROOF_H
#define JETON_FRONTEND_CLIENT_PROOF_H

#include "../privsep/message.h"
#include "authorization.h"
#include "params.h"

#define BASIC_MAX 512 /* bytes of a decoded id, colon and secret, percent escapes included */

struct client_proof {
        struct text id;     /* empty: none is named */
        struct text secret; /* empty: nothing is proven */
        char basic[BASIC_MAX + 4];
};

/* Libraries that were told of no client name it "None", or send Basic with nothing in it: that is
 * no client. 0, or -EBADMSG with a fault: 400 for two ways at once (RFC 6749 2.3), 401 for Basic
 * that cannot be read. The texts are lent by the form or by *ret. */
int client_proof_read(const struct authorization *authorization, const struct params *params,
                      struct client_proof *ret, struct fault *fault);

/* Wipes. */
void client_proof_clear(struct client_proof *proof);

#endif
