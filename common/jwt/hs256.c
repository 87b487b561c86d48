/* HMAC with SHA-256 (RFC 7518 3.2). Who can check can sign, so there is no public half and nothing
 * of it is ever published; the signer alone calls this. */
#include "algorithm.h"

#include "../cleanup.h"
#include "../secret.h"

#include <errno.h>
#include <openssl/sha.h>

static void digest_freep(EVP_MD_CTX **context) {
        EVP_MD_CTX_free(*context);
}

static int hs256_sign(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret) {
        _cleanup_(digest_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
        size_t len = SHA256_DIGEST_LENGTH;

        if (!EVP_PKEY_is_a(key, "HMAC"))
                return -EINVAL;
        if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1)
                return -ENOMEM;
        if (EVP_DigestSign(context, ret, &len, (const uint8_t *)signed_bytes.p, signed_bytes.len) !=
            1)
                return -EIO;
        return 0;
}

static int hs256_check(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature,
                       bool *ret) {
        uint8_t computed[SHA256_DIGEST_LENGTH];
        int r;

        *ret = false;
        r = hs256_sign(key, signed_bytes, computed);
        if (r < 0)
                return r == -EINVAL ? 0 : r;
        *ret = secret_equal((struct text){(const char *)computed, sizeof computed},
                            (struct text){(const char *)signature, sizeof computed});
        return 0;
}

const struct algorithm algorithm_hs256 = {
        .name = "HS256",
        .signature_len = SHA256_DIGEST_LENGTH,
        .sign = hs256_sign,
        .check = hs256_check,
};
