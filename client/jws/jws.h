/* Tokens of others, and any other compact JWS, checked with a key that a person gives: the same
 * code checks the signature as for tokens of this host, and here too it is the key that has the
 * algorithm. What a header says of keys (jwk, jku, x5u, x5c) is not looked at.
 *
 * Claims are whatever RFC 7519 allows, not only what our own tokens have. */
#ifndef JETON_JWS_JWS_H
#define JETON_JWS_JWS_H

#include "jwks.h"

#include <stdint.h>

#define JWS_AUDIENCES_MAX 16

struct jws_expectation {
        bool raw;           /* any payload: none of what is below is looked at but the type */
        const char *type;   /* of the header's typ (RFC 7515 4.1.9); NULL: any, or none */
        const char *issuer; /* NULL: any, or none */
        const char *audiences[JWS_AUDIENCES_MAX]; /* one of which must be in aud; "*": any, or
                                                   * none; none: there must be no aud */
        size_t audience_count;
        int64_t now;    /* for exp, nbf and iat, where they are there */
        int64_t leeway; /* seconds for them */
};

struct jws {
        json_t *header;   /* owned */
        json_t *claims;   /* owned; NULL: not asked for, or the verdict came before */
        uint8_t *payload; /* owned */
        size_t payload_len;
};

void jws_clear(struct jws *jws);

/* What was found, and in *ret, for jws_clear(), what was decoded until then. */
void jws_verify(const struct jwks *jwks, struct text token, const struct jws_expectation *expect,
                struct jws *ret, struct finding *ret_finding);

/* The claims of a payload. False, having said why, unless the verdict is JWS_VALID. */
bool jws_claims_judge(const json_t *claims, const struct jws_expectation *expect,
                      struct finding *finding);

#endif
