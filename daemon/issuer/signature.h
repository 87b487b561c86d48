/* The one place where libjwt is asked. */
#ifndef JETON_ISSUER_SIGNATURE_H
#define JETON_ISSUER_SIGNATURE_H

#include "keys.h"

#include <stdbool.h>

/* Whether that key has signed the token, with that algorithm. The token's parts must be base64url
 * in its one spelling, its JSON without double names, and its header's alg that algorithm: libjwt
 * looks at none of this. */
bool outside_signature_is_good(enum key_algorithm algorithm, const struct outside_key *key,
                               struct text token);

#endif
