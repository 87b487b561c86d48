/* Signatures of RFC 7518 3 and RFC 8037 3, by OpenSSL: the algorithm comes from the key, never from
 * a token. */
#ifndef JETON_JWT_SIGNATURE_H
#define JETON_JWT_SIGNATURE_H

#include "../text.h"
#include "pages.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#define SIGNATURE_MAX 512

/* An RSA key, in bytes: of 2048 to 4096 bits. */
#define RSA_MODULUS_LEAST 256
#define RSA_MODULUS_MOST  SIGNATURE_MAX
#define RSA_EXPONENT_LEN  4

const char *algorithm_name(enum key_algorithm algorithm); /* "ES256"; NULL for none */

/* The reverse; KEY_NONE for a name that is none of ours. */
enum key_algorithm algorithm_of_name(struct text name);

/* Whether its keys have a public half. False for HS256 and for none. */
bool algorithm_is_public(enum key_algorithm algorithm);

/* A public key from the bytes of a page (struct page_key). A point must lie on its curve, a modulus
 * have 2048 to 4096 bits. 0, -EBADMSG or -ENOMEM. */
int public_key_decode(enum key_algorithm algorithm, const uint8_t *bytes, size_t len,
                      EVP_PKEY **ret);

/* The reverse, from a public or private key. 0; -EBADMSG when the key is not of that algorithm. */
int public_key_encode(enum key_algorithm algorithm, EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX],
                      size_t *ret_len);

/* The RFC 7638 thumbprint. 0 or -errno. */
int public_key_thumbprint(enum key_algorithm algorithm, const uint8_t *bytes, size_t len,
                          char ret[KID_LEN + 1]);

/* Signs; ES256 as r || s. 0 or -errno. */
int signature_make(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                   uint8_t ret[SIGNATURE_MAX], size_t *ret_len);

/* *ret is true only for a good signature of the exact length. 0; -ENOMEM. */
int signature_check(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                    const uint8_t *signature, size_t len, bool *ret);

#endif
