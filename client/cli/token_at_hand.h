/* The token that the caller has already. */
#ifndef JETON_CLI_TOKEN_AT_HAND_H
#define JETON_CLI_TOKEN_AT_HAND_H

#include "../../common/secret.h"
#include "command.h"

struct held {
        struct secret *token; /* owned */
        int64_t expires_at;   /* clock_wall_s(); 0: only the daemon could tell */
};

/* --token-file, the places of token_discover(), the saved login: the first that has a token of this
 * host decides. It is good for `min_valid` seconds more; the saved login is refreshed for that.
 * -ENODATA, in silence: there is none; other -errno, having said why. */
int token_at_hand(struct cli *cli, int64_t min_valid, struct held *ret);

void held_clear(struct held *held);

#endif
