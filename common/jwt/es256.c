/* ECDSA with P-256 and SHA-256 (RFC 7518 3.4): the signature is r || s, 32 bytes each.
 *
 * Of two signatures (r, s) and (r, n - s) both are good: whoever has a token can write its twin. So
 * nothing in jeton is keyed by a token's text or by its signature. */
#include "algorithm.h"
#include "base64url.h"

#include "../cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#define SCALAR_LEN    32
#define SIGNATURE_LEN (2 * SCALAR_LEN)
#define PUBLIC_LEN    (2 * SCALAR_LEN)
#define DER_MAX       80 /* SEQUENCE { INTEGER, INTEGER } of 33 bytes each is 72 */

/* FIPS 186-4 D.1.2.3: the order n of the base point. */
static const uint8_t order[SCALAR_LEN] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static void pkey_freep(EVP_PKEY **key) {
        EVP_PKEY_free(*key);
}

static void context_freep(EVP_PKEY_CTX **context) {
        EVP_PKEY_CTX_free(*context);
}

static void bn_freep(BIGNUM **number) {
        BN_free(*number);
}

static void sig_freep(ECDSA_SIG **signature) {
        ECDSA_SIG_free(*signature);
}

static bool is_on_curve(EVP_PKEY *key) {
        _cleanup_(context_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);

        return context && EVP_PKEY_public_check(context) == 1;
}

static int es256_decode(const uint8_t *bytes, size_t len, EVP_PKEY **ret) {
        _cleanup_(context_freep) EVP_PKEY_CTX *context = NULL;
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        uint8_t point[1 + PUBLIC_LEN] = {POINT_CONVERSION_UNCOMPRESSED};
        char curve[] = "P-256";
        OSSL_PARAM params[] = {
                OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve - 1),
                OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                OSSL_PARAM_END,
        };

        if (len != PUBLIC_LEN)
                return -EBADMSG;
        memcpy(point + 1, bytes, PUBLIC_LEN);
        context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (!context || EVP_PKEY_fromdata_init(context) != 1)
                return -ENOMEM;
        if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
                return -EBADMSG;
        if (!is_on_curve(key))
                return -EBADMSG;
        *ret = take(key);
        return 0;
}

static bool is_p256(EVP_PKEY *key) {
        char curve[32];

        return EVP_PKEY_is_a(key, "EC") &&
               EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
               strcmp(curve, SN_X9_62_prime256v1) == 0;
}

/* By coordinates: the octets of the public point may be in a compressed form. */
static int coordinate_get(EVP_PKEY *key, const char *name, uint8_t *ret) {
        _cleanup_(bn_freep) BIGNUM *number = NULL;

        if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
                return -EBADMSG;
        return BN_bn2binpad(number, ret, SCALAR_LEN) == SCALAR_LEN ? 0 : -EBADMSG;
}

static int es256_encode(EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX], size_t *ret_len) {
        uint8_t point[PUBLIC_LEN];
        int r;

        if (!is_p256(key))
                return -EBADMSG;
        r = coordinate_get(key, OSSL_PKEY_PARAM_EC_PUB_X, point);
        if (r < 0)
                return r;
        r = coordinate_get(key, OSSL_PKEY_PARAM_EC_PUB_Y, point + SCALAR_LEN);
        if (r < 0)
                return r;
        memcpy(ret, point, sizeof point);
        *ret_len = sizeof point;
        return 0;
}

/* RFC 7638 3.2 with the members of RFC 7518 6.2.1, in lexicographic order. */
static int es256_thumbprint_input(const uint8_t *bytes, size_t len, char *ret, size_t size) {
        char x[BASE64URL_LEN(SCALAR_LEN) + 1], y[BASE64URL_LEN(SCALAR_LEN) + 1];
        int n;

        if (len != PUBLIC_LEN)
                return -EBADMSG;
        base64url_encode(bytes, SCALAR_LEN, x);
        base64url_encode(bytes + SCALAR_LEN, SCALAR_LEN, y);
        n = snprintf(ret, size, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x,
                     y);
        return n > 0 && (size_t)n < size ? 0 : -EBADMSG;
}

/* OpenSSL's ECDSA_SIG from DER, as r || s. */
static int signature_from_der(const uint8_t *der, size_t len, uint8_t ret[SIGNATURE_LEN]) {
        _cleanup_(sig_freep) ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);

        if (!signature)
                return -ENOMEM;
        if (BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret, SCALAR_LEN) != SCALAR_LEN ||
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret + SCALAR_LEN, SCALAR_LEN) != SCALAR_LEN)
                return -EIO;
        return 0;
}

static int es256_sign(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret) {
        _cleanup_(context_freep) EVP_PKEY_CTX *context = NULL;
        uint8_t digest[SHA256_DIGEST_LENGTH], der[DER_MAX];
        size_t len = sizeof der;

        if (!is_p256(key))
                return -EINVAL;
        if (!SHA256((const uint8_t *)signed_bytes.p, signed_bytes.len, digest))
                return -EIO;
        context = EVP_PKEY_CTX_new(key, NULL);
        if (!context || EVP_PKEY_sign_init(context) != 1)
                return -ENOMEM;
        if (EVP_PKEY_sign(context, der, &len, digest, sizeof digest) != 1)
                return -EIO;
        return signature_from_der(der, len, ret);
}

/* From 1 to n - 1 (FIPS 186-4 6.4.2). */
static bool scalar_is_good(const uint8_t *scalar) {
        static const uint8_t zero[SCALAR_LEN];

        return memcmp(scalar, zero, SCALAR_LEN) != 0 && memcmp(scalar, order, SCALAR_LEN) < 0;
}

static int signature_to_der(const uint8_t *signature, uint8_t ret[DER_MAX], size_t *ret_len) {
        _cleanup_(sig_freep) ECDSA_SIG *both = ECDSA_SIG_new();
        _cleanup_(bn_freep) BIGNUM *r = BN_bin2bn(signature, SCALAR_LEN, NULL);
        _cleanup_(bn_freep) BIGNUM *s = BN_bin2bn(signature + SCALAR_LEN, SCALAR_LEN, NULL);
        int len;

        if (!both || !r || !s || ECDSA_SIG_set0(both, r, s) != 1)
                return -ENOMEM;
        r = s = NULL; /* theirs now */
        len = i2d_ECDSA_SIG(both, NULL);
        if (len <= 0 || len > DER_MAX)
                return -ENOMEM;
        *ret_len = (size_t)i2d_ECDSA_SIG(both, &ret);
        return 0;
}

static int es256_check(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature,
                       bool *ret) {
        _cleanup_(context_freep) EVP_PKEY_CTX *context = NULL;
        uint8_t digest[SHA256_DIGEST_LENGTH], der[DER_MAX];
        size_t len;
        int r;

        *ret = false;
        if (!scalar_is_good(signature) || !scalar_is_good(signature + SCALAR_LEN) || !is_p256(key))
                return 0;
        r = signature_to_der(signature, der, &len);
        if (r < 0)
                return r;
        if (!SHA256((const uint8_t *)signed_bytes.p, signed_bytes.len, digest))
                return -ENOMEM;
        context = EVP_PKEY_CTX_new(key, NULL);
        if (!context || EVP_PKEY_verify_init(context) != 1)
                return -ENOMEM;
        /* 0 and everything below it are "no". */
        *ret = EVP_PKEY_verify(context, der, len, digest, sizeof digest) == 1;
        return 0;
}

const struct algorithm algorithm_es256 = {
        .name = "ES256",
        .signature_len = SIGNATURE_LEN,
        .decode = es256_decode,
        .encode = es256_encode,
        .sign = es256_sign,
        .check = es256_check,
        .thumbprint_input = es256_thumbprint_input,
};
