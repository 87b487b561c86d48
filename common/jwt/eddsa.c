/* EdDSA with Ed25519 (RFC 8037 3.1, RFC 8032): small and fast, and no randomness in a signature. */
#include "algorithm.h"
#include "base64url.h"

#include "../cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PUBLIC_LEN    32
#define SIGNATURE_LEN 64

static void digest_freep(EVP_MD_CTX **context) {
        EVP_MD_CTX_free(*context);
}

/* What is no point of the curve verifies nothing: OpenSSL decodes it at each verification. */
static int eddsa_decode(const uint8_t *bytes, size_t len, EVP_PKEY **ret) {
        EVP_PKEY *key;

        if (len != PUBLIC_LEN)
                return -EBADMSG;
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, len);
        if (!key)
                return -ENOMEM;
        *ret = key;
        return 0;
}

static int eddsa_encode(EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX], size_t *ret_len) {
        size_t len = PUBLIC_LEN;

        if (!EVP_PKEY_is_a(key, "ED25519"))
                return -EBADMSG;
        if (EVP_PKEY_get_raw_public_key(key, ret, &len) != 1 || len != PUBLIC_LEN)
                return -EBADMSG;
        *ret_len = len;
        return 0;
}

/* RFC 8037 2 and appendix A.3. */
static int eddsa_thumbprint_input(const uint8_t *bytes, size_t len, char *ret, size_t size) {
        char x[BASE64URL_LEN(PUBLIC_LEN) + 1];
        int n;

        if (len != PUBLIC_LEN)
                return -EBADMSG;
        base64url_encode(bytes, len, x);
        n = snprintf(ret, size, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
        return n > 0 && (size_t)n < size ? 0 : -EBADMSG;
}

static int eddsa_sign(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret) {
        return digest_sign(key, "ED25519", NULL, signed_bytes, ret, SIGNATURE_LEN);
}

static int eddsa_check(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature,
                       bool *ret) {
        _cleanup_(digest_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

        *ret = false;
        if (!EVP_PKEY_is_a(key, "ED25519"))
                return 0;
        if (!context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
                return -ENOMEM;
        *ret = EVP_DigestVerify(context, signature, SIGNATURE_LEN, (const uint8_t *)signed_bytes.p,
                                signed_bytes.len) == 1;
        return 0;
}

const struct algorithm algorithm_eddsa = {
        .name = "EdDSA",
        .signature_len = SIGNATURE_LEN,
        .decode = eddsa_decode,
        .encode = eddsa_encode,
        .sign = eddsa_sign,
        .check = eddsa_check,
        .thumbprint_input = eddsa_thumbprint_input,
};
