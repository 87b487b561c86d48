/* The claims of an ID token whose signature is good. */
#ifndef JETON_ISSUER_CLAIMS_H
#define JETON_ISSUER_CLAIMS_H

#include "token.h"

#include <jansson.h>

/* OUTSIDE_VALID and all of *ret but the issuer; or why not. */
enum outside_verdict outside_claims_judge(const json_t *claims, const struct outside_issuer *issuer,
                                          const struct outside_clock *clock,
                                          struct outside_token *ret);

#endif
