/* The least that each takes. The fastest way that OpenSSL 3.0 has for ES256: the digest apart, and
 * one context initialised once. */
#include "operations.h"

#include "../../common/cleanup.h"

#include <crypt.h>
#include <stdint.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#define SIGNED_LEN 560 /* header and payload of an access token, encoded */
#define TOKEN_LEN  650

static const char password[] = "correct horse battery";
static unsigned char token[TOKEN_LEN];
static unsigned char signature[80];
static size_t signature_len;
static EVP_PKEY_CTX *signing, *verifying;
static struct crypt_data crypt_data;
static char hash[CRYPT_OUTPUT_SIZE];

static void token_digest(size_t len, uint8_t ret[SHA256_DIGEST_LENGTH]) {
        SHA256(token, len, ret);
}

static bool key_make(void) {
        EVP_PKEY *key = EVP_EC_gen("P-256");

        signing = EVP_PKEY_CTX_new(key, NULL);
        verifying = EVP_PKEY_CTX_new(key, NULL);
        EVP_PKEY_free(key);
        return signing && verifying && EVP_PKEY_sign_init(signing) == 1 &&
               EVP_PKEY_verify_init(verifying) == 1;
}

static bool hash_make(void) {
        char setting[CRYPT_GENSALT_OUTPUT_SIZE];
        const char *made;

        if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof setting))
                return false;
        made = crypt_r(password, setting, &crypt_data);
        if (!made || *made == '*')
                return false;
        memcpy(hash, made, strlen(made) + 1);
        return true;
}

bool operation_nothing(void) {
        return true;
}

bool operation_sign(void) {
        uint8_t digest[SHA256_DIGEST_LENGTH];

        token_digest(SIGNED_LEN, digest);
        signature_len = sizeof signature;
        return EVP_PKEY_sign(signing, signature, &signature_len, digest, sizeof digest) == 1;
}

bool operation_verify(void) {
        uint8_t digest[SHA256_DIGEST_LENGTH];

        token_digest(SIGNED_LEN, digest);
        return EVP_PKEY_verify(verifying, signature, signature_len, digest, sizeof digest) == 1;
}

bool operation_digest(void) {
        uint8_t digest[SHA256_DIGEST_LENGTH];

        token_digest(TOKEN_LEN, digest);
        return true;
}

bool operation_crypt(void) {
        const char *made = crypt_r(password, hash, &crypt_data);

        return made && strcmp(made, hash) == 0;
}

bool operations_open(void) {
        memset(token, 'x', sizeof token);
        return key_make() && operation_sign() && operation_verify() && hash_make();
}

static const struct operation operations[] = {
        {"nothing", operation_nothing}, {"sign", operation_sign},   {"verify", operation_verify},
        {"digest", operation_digest},   {"crypt", operation_crypt},
};

const struct operation *operation_find(const char *name, size_t len) {
        size_t i;

        for (i = 0; i < ELEMENTS(operations); i++)
                if (strlen(operations[i].name) == len && memcmp(operations[i].name, name, len) == 0)
                        return &operations[i];
        return NULL;
}
