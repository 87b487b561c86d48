/* The private keys, in memory and as files of the signer's own folder.
 *
 *         KID.pem      a key pair          KID.hs256    a shared secret, in base64url
 *         states       what each of them is for now: the truth, which the folder follows
 *         .new-*       being written
 *         *.aside      what had a key's name and was in no line of `states`
 *
 * In this order a change becomes true: the new key's file and its name are on the disk, `states` is
 * on the disk, the page says so, the dropped key's file is gone. A crash in between leaves a file
 * that `states` does not name; the next start sets it aside, as it does with one that was put there
 * by hand: it is no key of ours, and may be the only copy of somebody's. */
#ifndef JETON_SIGNER_KEYRING_H
#define JETON_SIGNER_KEYRING_H

#include "../../common/jwt/keyset.h"

#include <openssl/evp.h>
#include <time.h>

struct signing_key {
        char kid[KID_LEN + 1];
        enum key_algorithm algorithm;
        enum key_state state;
        int64_t since;           /* of the state */
        int64_t until;           /* prepared: when it becomes active; retired: when it is dropped */
        EVP_PKEY *key;           /* owned by the keyring in force */
        struct timespec written; /* its file's mtime */
        uint8_t public_key[PAGE_PUBLIC_MAX];
        size_t public_len; /* 0: HS256 */
        char headers[TOKEN_KIND_COUNT][HEADER_MAX];
};

struct keyring {
        struct signing_key keys[PAGE_KEYS_MAX];
        size_t count;
};

/* Loads every key that `states` names. In a folder without `states` the newest file of each
 * algorithm is the active key and the others are retired until now + keep_s. 0 or -errno, logged
 * with the name of the file that is at fault. */
int keyring_load(int dir, int64_t now, uint32_t keep_s, struct keyring *ret);

void keyring_clear(struct keyring *keyring);

/* NULL when there is none. */
struct signing_key *keyring_find(struct keyring *keyring, struct text kid);
struct signing_key *keyring_find_state(struct keyring *keyring, enum key_algorithm algorithm,
                                       enum key_state state);

/* Forgets a key; it is freed when the keyring comes into force. */
void keyring_remove(struct keyring *keyring, struct signing_key *key);

/* Makes `next`, a changed copy of `current`, the keyring in force on the disk and in *current. Then
 * `publish` is called, then what is not in it any more is removed. 0; -errno, logged: *current is
 * as it was. */
int keyring_replace(int dir, struct keyring *current, const struct keyring *next,
                    void (*publish)(void *context), void *context);

/* Frees what only `next` has: for a change that failed. */
void keyring_discard(const struct keyring *next, const struct keyring *current);

/* One signature with each key, checked as verifiers will: a pair that does not fit is found now,
 * and whatever OpenSSL loads at its first use is loaded before the sandbox closes. 0 or -errno,
 * logged.
 */
int keyring_try(const struct keyring *keyring);

/* ---- keymake.c ---- */

/* Everything about a key that follows from the key itself; of HS256 `kid` is given. 0, or -EBADMSG
 * when it is no key of that algorithm. */
int key_describe(enum key_algorithm algorithm, EVP_PKEY *key, const char *kid,
                 struct signing_key *ret);

/* A new key, tried and written to its file. Its state is the caller's to set. 0 or -errno, logged.
 */
int key_make(int dir, enum key_algorithm algorithm, struct signing_key *ret);

int key_try(const struct signing_key *key);

/* ---- keyfile.c ---- */

#define KEY_FILE_NEW      ".new-"
#define KEY_FILE_ASIDE    ".aside"
#define KEY_FILE_NAME_MAX (KID_LEN + 16)

/* "KID.pem" or "KID.hs256". */
void keyfile_name(enum key_algorithm algorithm, const char *kid, char ret[KEY_FILE_NAME_MAX]);

/* Whether that is the name of a key's file: the kid's length and a suffix of ours. */
bool keyfile_is_named(const char *name);

/* Reads one file, if nobody but us could have read or written it. 0 or -errno, logged. */
int keyfile_read(int dir, const char *name, EVP_PKEY **ret, enum key_algorithm *ret_algorithm,
                 struct timespec *ret_written);

/* Writes the key's file, durable when it returns: a crash leaves a whole file or a KEY_FILE_NEW
 * one, which the next start removes. 0 or -errno. */
int keyfile_write(int dir, enum key_algorithm algorithm, const char *kid, EVP_PKEY *key);

/* The same for any bytes, in place of what had that name. 0 or -errno. */
int keyfile_put(int dir, const char *name, struct text bytes);

/* Opens a file that nobody but us could have read or written. 0 or -errno, logged. */
int keyfile_open(int dir, const char *name, int *ret_fd, size_t *ret_size,
                 struct timespec *ret_written);

/* ---- states.c ---- */

#define STATES_FILE "states"

struct key_row {
        char kid[KID_LEN + 1];
        enum key_algorithm algorithm;
        enum key_state state;
        int64_t since, until;
};

/* 0; -ENOENT: there is no such file yet; other -errno, logged. */
int states_read(int dir, struct key_row ret[PAGE_KEYS_MAX], size_t *ret_count);

/* Durable when it returns. 0 or -errno. */
int states_write(int dir, const struct keyring *keyring);

#endif
