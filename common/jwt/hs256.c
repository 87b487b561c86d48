/* HMAC with SHA-256 (RFC 7518 3.2). Who can check can sign, so there is no public half and nothing
 * of it is ever published; the signer alone calls this. */
#include "algorithm.h"

#include "../secret.h"

#include <errno.h>
#include <openssl/sha.h>

static int hs256_sign(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret) {
        return digest_sign(key, "HMAC", EVP_sha256(), signed_bytes, ret, SHA256_DIGEST_LENGTH);
}

static int hs256_check(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature,
                       bool *ret) {
        uint8_t computed[SHA256_DIGEST_LENGTH];
        int r;

        *ret = false;
        r = hs256_sign(key, signed_bytes, computed);
        if (r == 0)
                *ret = secret_equal((struct text){(const char *)computed, sizeof computed},
                                    (struct text){(const char *)signature, sizeof computed});
        /* It is the signature of whatever was asked about. */
        explicit_bzero(computed, sizeof computed);
        return r == -EINVAL ? 0 : r;
}

const struct algorithm algorithm_hs256 = {
        .name = "HS256",
        .signature_len = SHA256_DIGEST_LENGTH,
        .sign = hs256_sign,
        .check = hs256_check,
};
