/* The table of algorithms, and what is the same for all of them. Refuses to know tokens: bytes are
 * signed here, what they say is others' business.
 *
 * OpenSSL's error queue belongs to the program that loaded the library: what fails in here leaves
 * no entry behind. */
#include "signature.h"

#include "algorithm.h"
#include "base64url.h"

#include "../cleanup.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#define THUMBPRINT_INPUT_MAX 1024 /* RSA of 4096 bits, in base64url, and its names */

static const struct algorithm *const algorithms[] = {
        [KEY_ES256] = &algorithm_es256,
        [KEY_RS256] = &algorithm_rs256,
        [KEY_EDDSA] = &algorithm_eddsa,
        [KEY_HS256] = &algorithm_hs256,
};

static const struct algorithm *algorithm_find(enum key_algorithm algorithm) {
        return (unsigned)algorithm < ELEMENTS(algorithms) ? algorithms[algorithm] : NULL;
}

static const struct algorithm *public_row_find(enum key_algorithm algorithm) {
        const struct algorithm *row = algorithm_find(algorithm);

        return row && row->decode ? row : NULL;
}

/* 0 when it cannot be said, which no signature has. */
static size_t signature_len(const struct algorithm *row, EVP_PKEY *key) {
        int size;

        if (row->signature_len > 0)
                return row->signature_len;
        /* OpenSSL 3.5 leaves an error for a key that has no size. */
        ERR_set_mark();
        size = EVP_PKEY_get_size(key);
        ERR_pop_to_mark();
        return size > 0 && size <= SIGNATURE_MAX ? (size_t)size : 0;
}

const char *algorithm_name(enum key_algorithm algorithm) {
        const struct algorithm *row = algorithm_find(algorithm);

        return row ? row->name : NULL;
}

enum key_algorithm algorithm_of_name(struct text name) {
        enum key_algorithm i;

        for (i = KEY_NONE + 1; i < KEY_ALGORITHM_COUNT; i++)
                if (text_is(name, text_of(algorithms[i]->name)))
                        return i;
        return KEY_NONE;
}

bool algorithm_is_public(enum key_algorithm algorithm) {
        return public_row_find(algorithm) != NULL;
}

int public_key_decode(enum key_algorithm algorithm, const uint8_t *bytes, size_t len,
                      EVP_PKEY **ret) {
        const struct algorithm *row = public_row_find(algorithm);
        int r;

        if (!row)
                return -EBADMSG;
        ERR_set_mark();
        r = row->decode(bytes, len, ret);
        ERR_pop_to_mark();
        return r;
}

int public_key_encode(enum key_algorithm algorithm, EVP_PKEY *key, uint8_t ret[PAGE_PUBLIC_MAX],
                      size_t *ret_len) {
        const struct algorithm *row = public_row_find(algorithm);
        int r;

        if (!row)
                return -EBADMSG;
        ERR_set_mark();
        r = row->encode(key, ret, ret_len);
        ERR_pop_to_mark();
        return r;
}

int public_key_thumbprint(enum key_algorithm algorithm, const uint8_t *bytes, size_t len,
                          char ret[KID_LEN + 1]) {
        const struct algorithm *row = public_row_find(algorithm);
        uint8_t digest[SHA256_DIGEST_LENGTH];
        char json[THUMBPRINT_INPUT_MAX];
        int r;

        if (!row)
                return -EBADMSG;
        r = row->thumbprint_input(bytes, len, json, sizeof json);
        if (r < 0)
                return r;
        if (!SHA256((const uint8_t *)json, strlen(json), digest))
                return -ENOMEM;
        base64url_encode(digest, sizeof digest, ret);
        return 0;
}

int signature_make(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                   uint8_t ret[SIGNATURE_MAX], size_t *ret_len) {
        const struct algorithm *row = algorithm_find(algorithm);
        size_t len = row ? signature_len(row, key) : 0;
        int r;

        if (len == 0)
                return -EINVAL;
        ERR_set_mark();
        r = row->sign(key, signed_bytes, ret);
        ERR_pop_to_mark();
        if (r < 0)
                return r;
        *ret_len = len;
        return 0;
}

int signature_check(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                    const uint8_t *signature, size_t len, bool *ret) {
        const struct algorithm *row = algorithm_find(algorithm);
        bool good = false;
        int r = 0;

        if (row && len > 0 && len == signature_len(row, key)) {
                ERR_set_mark();
                r = row->check(key, signed_bytes, signature, &good);
                ERR_pop_to_mark();
        }
        if (r < 0)
                return r;
        *ret = good;
        return 0;
}
