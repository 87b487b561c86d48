/* One row for each signature algorithm of RFC 7518 3.1 and RFC 8037 3.1, one file for each row:
 * es256.c, rs256.c, eddsa.c, hs256.c; what three of them share is digest_sign.c. Only signature.c
 * calls them, with keys of the row's own algorithm and signatures of its length. */
#ifndef JETON_JWT_ALGORITHM_H
#define JETON_JWT_ALGORITHM_H

#include "signature.h"

struct algorithm {
        const char *name;     /* as a header's alg */
        size_t signature_len; /* 0: the key's own, EVP_PKEY_get_size() */

        /* As public_key_decode() and the others of signature.h. Those of a public key are NULL
         * where there is none: whoever has such a key can sign with it. */
        int (*decode)(const uint8_t *bytes, size_t len, EVP_PKEY **ret);
        int (*encode)(EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX], size_t *ret_len);
        int (*sign)(EVP_PKEY *key, struct text signed_bytes, uint8_t *ret); /* all of its length */
        int (*check)(EVP_PKEY *key, struct text signed_bytes, const uint8_t *signature, bool *ret);

        /* The JSON that RFC 7638 3.2 hashes, with its NUL. 0 or -EBADMSG. */
        int (*thumbprint_input)(const uint8_t *bytes, size_t len, char *ret, size_t size);
};

/* A row's sign by EVP_DigestSign(3), for a key of that type by OpenSSL's name, with at most `size`
 * bytes of signature. 0; -EINVAL: a key of another type; -ENOMEM; -EIO. */
int digest_sign(EVP_PKEY *key, const char *type, const EVP_MD *md, struct text signed_bytes,
                uint8_t *ret, size_t size);

extern const struct algorithm algorithm_es256;
extern const struct algorithm algorithm_rs256;
extern const struct algorithm algorithm_eddsa;
extern const struct algorithm algorithm_hs256;

#endif
