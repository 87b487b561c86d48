/* The key pair of RFC 7515 appendix A.3, with which tests sign what they like. Everybody knows its
 * private half. */
#ifndef JETON_TEST_KEYS_H
#define JETON_TEST_KEYS_H

#include "../../common/jwt/base64url.h"
#include "../../common/jwt/keyset.h"
#include "../../common/jwt/signature.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define TEST_KEY_X          "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define TEST_KEY_Y          "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define TEST_KEY_D          "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define TEST_KEY_THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

#define TEST_ISSUER "https://host.example"

static inline void test_decode(const char *text, uint8_t *ret, size_t size) {
        size_t len;

        if (base64url_decode(text_of(text), ret, size, &len) < 0 || len != size)
                abort();
}

static inline void test_public(uint8_t ret[64]) {
        test_decode(TEST_KEY_X, ret, 32);
        test_decode(TEST_KEY_Y, ret + 32, 32);
}

/* The private key as RFC 5915 DER: version, private octets, curve, public point. */
static inline EVP_PKEY *test_private_key(void) {
        uint8_t der[121] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
        static const uint8_t curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                        0x03, 0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00, 0x04};
        const uint8_t *at = der;
        EVP_PKEY *key;

        test_decode(TEST_KEY_D, der + 7, 32);
        memcpy(der + 39, curve, sizeof curve);
        test_public(der + 39 + sizeof curve);
        key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, sizeof der);
        if (!key)
                abort();
        return key;
}

/* A keyset with that one key. */
static inline struct keyset *test_keyset(void) {
        struct keys_table table = {.issuer = TEST_ISSUER, .count = 1};
        struct keyset *keyset;

        memcpy(table.keys[0].kid, TEST_KEY_THUMBPRINT, KID_LEN);
        table.keys[0].algorithm = KEY_ES256;
        table.keys[0].state = KEY_ACTIVE;
        table.keys[0].public_len = 64;
        test_public(table.keys[0].public_key);
        if (keyset_load(&table, &keyset) < 0)
                abort();
        return keyset;
}

/* header.payload.signature: the header as it is, the payload encoded here. `ret` has TOKEN_MAX + 1
 * bytes. */
static inline void test_token(const char *header, struct text payload, char *ret) {
        EVP_PKEY *key = test_private_key();
        uint8_t signature[SIGNATURE_MAX];
        size_t at, len;

        at = (size_t)snprintf(ret, TOKEN_MAX + 1, "%s.", header);
        base64url_encode(payload.p, payload.len, ret + at);
        if (signature_make(KEY_ES256, key, text_of(ret), signature, &len) < 0)
                abort();
        at = strlen(ret);
        ret[at++] = '.';
        base64url_encode(signature, len, ret + at);
        EVP_PKEY_free(key);
}

#endif
