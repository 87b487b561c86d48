/* The call with which OpenSSL digests and signs at once: RSA, Ed25519 and HMAC differ in its
 * arguments alone. */
#include "algorithm.h"

#include "../cleanup.h"

#include <errno.h>

static void digest_freep(EVP_MD_CTX **context) {
        EVP_MD_CTX_free(*context);
}

int digest_sign(EVP_PKEY *key, const char *type, const EVP_MD *md, struct text signed_bytes,
                uint8_t *ret, size_t size) {
        _cleanup_(digest_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

        if (!EVP_PKEY_is_a(key, type))
                return -EINVAL;
        if (!context || EVP_DigestSignInit(context, NULL, md, NULL, key) != 1)
                return -ENOMEM;
        if (EVP_DigestSign(context, ret, &size, (const uint8_t *)signed_bytes.p,
                           signed_bytes.len) != 1)
                return -EIO;
        return 0;
}
