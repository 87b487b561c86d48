/* New keys, and what follows from a key: its kid, its public half, the headers of its tokens. */
#include "keyring.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"
#include "../../common/secret.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#define RSA_BITS   2048
#define SECRET_LEN 32

static void pkey_freep(EVP_PKEY **key) {
        EVP_PKEY_free(*key);
}

/* ---- describe ---- */

static int public_half_describe(enum key_algorithm algorithm, EVP_PKEY *key,
                                struct signing_key *ret) {
        int r;

        r = public_key_encode(algorithm, key, ret->public_key, &ret->public_len);
        if (r < 0)
                return r;
        return public_key_thumbprint(algorithm, ret->public_key, ret->public_len, ret->kid);
}

/* A kid made of the secret would let whoever sees a token try secrets; so it is random. */
static int secret_describe(EVP_PKEY *key, const char *kid, struct signing_key *ret) {
        uint8_t bytes[SECRET_LEN];
        size_t len;

        if (!EVP_PKEY_is_a(key, "HMAC") ||
            base64url_decode(text_of(kid), bytes, sizeof bytes, &len) < 0 || len != sizeof bytes)
                return -EBADMSG;
        ret->public_len = 0;
        return text_copy(text_of(kid), ret->kid, sizeof ret->kid);
}

int key_describe(enum key_algorithm algorithm, EVP_PKEY *key, const char *kid,
                 struct signing_key *ret) {
        enum token_kind kind;
        int r;

        if (algorithm_is_public(algorithm))
                r = public_half_describe(algorithm, key, ret);
        else
                r = secret_describe(key, kid, ret);
        if (r < 0)
                return r;
        ret->algorithm = algorithm;
        for (kind = 0; kind < TOKEN_KIND_COUNT; kind++)
                token_header(algorithm, kind, ret->kid, ret->headers[kind]);
        return 0;
}

/* ---- make ---- */

static EVP_PKEY *make_es256(void) {
        return EVP_EC_gen("P-256");
}

static EVP_PKEY *make_rs256(void) {
        return EVP_RSA_gen(RSA_BITS);
}

static EVP_PKEY *make_eddsa(void) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static EVP_PKEY *make_hs256(void) {
        uint8_t bytes[SECRET_LEN];
        EVP_PKEY *key = NULL;

        if (secret_random(bytes, sizeof bytes) == 0)
                key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, bytes, sizeof bytes);
        explicit_bzero(bytes, sizeof bytes);
        return key;
}

static EVP_PKEY *(*const makers[KEY_ALGORITHM_COUNT])(void) = {
        [KEY_ES256] = make_es256,
        [KEY_RS256] = make_rs256,
        [KEY_EDDSA] = make_eddsa,
        [KEY_HS256] = make_hs256,
};

static int kid_random(char ret[KID_LEN + 1]) {
        uint8_t bytes[32];
        int r;

        r = secret_random(bytes, sizeof bytes);
        if (r == 0)
                base64url_encode(bytes, sizeof bytes, ret);
        return r;
}

/* -EAGAIN: its kid would look like an option on a command line. */
static int make(int dir, enum key_algorithm algorithm, struct signing_key *ret) {
        _cleanup_(pkey_freep) EVP_PKEY *key = makers[algorithm]();
        char kid[KID_LEN + 1];
        int r;

        if (!key)
                return -EIO;
        r = kid_random(kid);
        if (r == 0)
                r = key_describe(algorithm, key, kid, ret);
        if (r == 0 && ret->kid[0] == '-')
                r = -EAGAIN;
        if (r < 0)
                return r;
        ret->key = key;
        r = key_try(ret);
        if (r == 0)
                r = keyfile_write(dir, algorithm, ret->kid, key);
        ret->key = r == 0 ? take(key) : NULL;
        return r;
}

int key_make(int dir, enum key_algorithm algorithm, struct signing_key *ret) {
        struct signing_key made = {.state = KEY_STATE_NONE};
        int r;

        do
                r = make(dir, algorithm, &made);
        while (r == -EAGAIN);
        if (r < 0) {
                log_error("keys: a new %s key cannot be made: %s", algorithm_name(algorithm),
                          strerror(-r));
                return r;
        }
        *ret = made;
        return 0;
}

/* ---- try ---- */

static int public_half_open(const struct signing_key *key, EVP_PKEY **ret) {
        if (algorithm_is_public(key->algorithm))
                return public_key_decode(key->algorithm, key->public_key, key->public_len, ret);
        if (EVP_PKEY_up_ref(key->key) != 1)
                return -ENOMEM;
        *ret = key->key;
        return 0;
}

int key_try(const struct signing_key *key) {
        _cleanup_(pkey_freep) EVP_PKEY *checker = NULL;
        struct text bytes = text_of(key->kid);
        uint8_t signature[SIGNATURE_MAX];
        bool good = false;
        size_t len;
        int r;

        r = public_half_open(key, &checker);
        if (r < 0)
                return r;
        r = signature_make(key->algorithm, key->key, bytes, signature, &len);
        if (r < 0)
                return r;
        r = signature_check(key->algorithm, checker, bytes, signature, len, &good);
        if (r < 0)
                return r;
        return good ? 0 : -EBADMSG;
}
