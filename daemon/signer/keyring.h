/* The private keys, in memory and as files of the signer's own directory. */
#ifndef JETON_SIGNER_KEYRING_H
#define JETON_SIGNER_KEYRING_H

#include "../../common/jwt/keyset.h"

#include <openssl/evp.h>
#include <time.h>

struct signing_key {
        char kid[KID_LEN + 1];
        enum key_algorithm algorithm;
        enum key_state state;
        EVP_PKEY *key; /* owned */
        uint8_t public_key[PAGE_PUBLIC_MAX];
        size_t public_len;
        struct timespec written; /* its file's mtime */
        char headers[TOKEN_KIND_COUNT][HEADER_MAX];
};

struct keyring {
        struct signing_key keys[PAGE_KEYS_MAX]; /* the active one first */
        size_t count;
};

/* Loads every key of the directory, after a first one was made where there is none. The newest file
 * is the active key; the others are retired: they verify and do not sign. 0 or -errno, logged with
 * the name of the file that is at fault. */
int keyring_load(int dir, struct keyring *ret);

void keyring_clear(struct keyring *keyring);

/* One signature with each key, checked with the public half that will be published: a pair that
 * does not fit is found now, and whatever OpenSSL loads at its first use is loaded before the
 * sandbox closes. 0 or -errno, logged. */
int keyring_try(const struct keyring *keyring);

/* ---- keyfile.c ---- */

#define KEY_FILE_SUFFIX ".pem"
#define KEY_FILE_NEW    ".new-"

/* Reads one file, if nobody but us could have read or written it. 0 or -errno, logged. */
int keyfile_read(int dir, const char *name, EVP_PKEY **ret, struct timespec *ret_written);

/* Writes KID.pem, durable when it returns: a crash leaves a whole file or a KEY_FILE_NEW one, which
 * the next start removes. 0 or -errno. */
int keyfile_write(int dir, const char *kid, EVP_PKEY *key);

#endif
