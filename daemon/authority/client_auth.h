/* Is this the client that it says it is? */
#ifndef JETON_AUTHORITY_CLIENT_AUTH_H
#define JETON_AUTHORITY_CLIENT_AUTH_H

#include "call.h"
#include "store/clients.h"

/* 32 random bytes in base64url, and the digest under which they are kept. They cannot be guessed,
 * so one pass of SHA-256 keeps them as well as crypt(3) would, without its 13 ms for each token. */
#define CLIENT_SECRET_LEN 43

/* Draws one, and its digest; the caller wipes it. 0 or -errno. */
int client_secret_draw(char ret[CLIENT_SECRET_LEN + 1], uint8_t ret_digest[CLIENT_DIGEST_LEN]);

/* 0 or -EIO. */
int client_secret_digest(struct text secret, uint8_t ret[CLIENT_DIGEST_LEN]);

/* The enabled client of that id, when the secret is its own. *ret_refusal is REFUSAL_CLIENT for all
 * else, an unknown id taking the same steps. 0 or -errno. */
int client_authenticate(struct call *call, struct text id, struct text secret, struct client **ret,
                        enum refusal *ret_refusal);

/* The same, where nothing else of the client matters. */
int client_prove(struct call *call, struct text id, struct text secret, enum refusal *ret_refusal);

#endif
