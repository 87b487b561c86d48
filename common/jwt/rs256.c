/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3), for verifiers that know no other. Moduli of 2048
 * to 4096 bits; the signature is as long as the modulus.
 *
 * A public key is n || e: n without leading zeros, e in 4 bytes. */
#include "algorithm.h"
#include "base64url.h"

#include "../cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

/* SP 800-56B 6.2: odd and above 2^16. */
#define EXPONENT_LEAST 65537u

_Static_assert(RSA_MODULUS_MOST + RSA_EXPONENT_LEN <= PAGE_PUBLIC_MAX,
               "the largest key fits into a page");

static void pkey_freep(EVP_PKEY **key) {
        EVP_PKEY_free(*key);
}

static void context_freep(EVP_PKEY_CTX **context) {
        EVP_PKEY_CTX_free(*context);
}

static void digest_freep(EVP_MD_CTX **context) {
        EVP_MD_CTX_free(*context);
}

static void bn_freep(BIGNUM **number) {
        BN_free(*number);
}

static void builder_freep(OSSL_PARAM_BLD **builder) {
        OSSL_PARAM_BLD_free(*builder);
}

static void params_freep(OSSL_PARAM **params) {
        OSSL_PARAM_free(*params);
}

static bool bytes_are_good(const uint8_t *bytes, size_t len) {
        size_t modulus = len - RSA_EXPONENT_LEN;
        const uint8_t *e = bytes + modulus;
        uint32_t exponent;

        if (len < RSA_MODULUS_LEAST + RSA_EXPONENT_LEN || len > RSA_MODULUS_MOST + RSA_EXPONENT_LEN)
                return false;
        exponent = (uint32_t)e[0] << 24 | (uint32_t)e[1] << 16 | (uint32_t)e[2] << 8 | e[3];
        /* The topmost bit set makes the modulus as many bits as the bytes have. */
        return (bytes[0] & 0x80) && (bytes[modulus - 1] & 1) && (exponent & 1) &&
               exponent >= EXPONENT_LEAST;
}

static int params_make(const uint8_t *bytes, size_t len, OSSL_PARAM **ret) {
        _cleanup_(builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
        _cleanup_(bn_freep) BIGNUM *n = BN_bin2bn(bytes, (int)(len - RSA_EXPONENT_LEN), NULL);
        _cleanup_(bn_freep) BIGNUM *e =
                BN_bin2bn(bytes + len - RSA_EXPONENT_LEN, RSA_EXPONENT_LEN, NULL);

        if (!builder || !n || !e ||
            OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
            OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
                return -ENOMEM;
        *ret = OSSL_PARAM_BLD_to_param(builder);
        return *ret ? 0 : -ENOMEM;
}

static int rs256_decode(const uint8_t *bytes, size_t len, EVP_PKEY **ret) {
        _cleanup_(context_freep) EVP_PKEY_CTX *context = NULL;
        _cleanup_(params_freep) OSSL_PARAM *params = NULL;
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        int r;

        if (!bytes_are_good(bytes, len))
                return -EBADMSG;
        r = params_make(bytes, len, &params);
        if (r < 0)
                return r;
        context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        if (!context || EVP_PKEY_fromdata_init(context) != 1)
                return -ENOMEM;
        if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
                return -EBADMSG;
        *ret = take(key);
        return 0;
}

static int number_get(EVP_PKEY *key, const char *name, uint8_t *ret, size_t len) {
        _cleanup_(bn_freep) BIGNUM *number = NULL;

        if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
                return -EBADMSG;
        return BN_bn2binpad(number, ret, (int)len) == (int)len ? 0 : -EBADMSG;
}

static int rs256_encode(EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX], size_t *ret_len) {
        uint8_t bytes[PAGE_PUBLIC_MAX];
        size_t modulus;
        int r;

        if (!EVP_PKEY_is_a(key, "RSA"))
                return -EBADMSG;
        modulus = (size_t)EVP_PKEY_get_size(key);
        if (modulus > RSA_MODULUS_MOST)
                return -EBADMSG;
        r = number_get(key, OSSL_PKEY_PARAM_RSA_N, bytes, modulus);
        if (r == 0)
                r = number_get(key, OSSL_PKEY_PARAM_RSA_E, bytes + modulus, RSA_EXPONENT_LEN);
        if (r < 0)
                return r;
        if (!bytes_are_good(bytes, modulus + RSA_EXPONENT_LEN))
                return -EBADMSG;
        memcpy(ret, bytes, modulus + RSA_EXPONENT_LEN);
        *ret_len = modulus + RSA_EXPONENT_LEN;
        return 0;
}

/* RFC 7518 6.3.1.2: as few bytes as it takes. */
static size_t exponent_of(const uint8_t *bytes, size_t len, const uint8_t **ret) {
        const uint8_t *e = bytes + len - RSA_EXPONENT_LEN;
        size_t exponent_len = RSA_EXPONENT_LEN;

        for (; *e == 0 && exponent_len > 1; exponent_len--)
                e++;
        *ret = e;
        return exponent_len;
}

/* RFC 7638 3.2 with the members of RFC 7518 6.3.1, in lexicographic order. */
static int rs256_thumbprint_input(const uint8_t *bytes, size_t len, char *ret, size_t size) {
        char n[BASE64URL_LEN(RSA_MODULUS_MOST) + 1], e[BASE64URL_LEN(RSA_EXPONENT_LEN) + 1];
        const uint8_t *exponent;
        size_t exponent_len;
        int written;

        if (!bytes_are_good(bytes, len))
                return -EBADMSG;
        exponent_len = exponent_of(bytes, len, &exponent);
        base64url_encode(bytes, len - RSA_EXPONENT_LEN, n);
        base64url_encode(exponent, exponent_len, e);
        written = snprintf(ret, size, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
        return written > 0 && (size_t)written < size ? 0 : -EBADMSG;
}

/* The padding is PKCS #1 v1.5, which is what OpenSSL takes unless told otherwise. */
static int rs256_sign(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret) {
        return digest_sign(key, "RSA", EVP_sha256(), signed_bytes, ret, SIGNATURE_MAX);
}

static int rs256_check(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature,
                       bool *ret) {
        _cleanup_(digest_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

        *ret = false;
        if (!EVP_PKEY_is_a(key, "RSA"))
                return 0;
        if (!context || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) != 1)
                return -ENOMEM;
        *ret = EVP_DigestVerify(context, signature, (size_t)EVP_PKEY_get_size(key),
                                (const uint8_t *)signed_bytes.p, signed_bytes.len) == 1;
        return 0;
}

const struct algorithm algorithm_rs256 = {
        .name = "RS256",
        .signature_len = 0,
        .decode = rs256_decode,
        .encode = rs256_encode,
        .sign = rs256_sign,
        .check = rs256_check,
        .thumbprint_input = rs256_thumbprint_input,
};
