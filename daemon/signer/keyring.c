/* Which keys there are, and which of them signs. */
#include "keyring.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <string.h>
#include <sys/stat.h>

static void pkey_freep(EVP_PKEY **key) {
        EVP_PKEY_free(*key);
}

static void dir_closep(DIR **dir) {
        if (*dir)
                closedir(*dir);
}

/* ---- one key ---- */

/* Everything about a key that follows from the key itself. */
static int key_describe(enum key_algorithm algorithm, EVP_PKEY *key, struct signing_key *ret) {
        enum token_kind kind;
        int r;

        r = public_key_encode(algorithm, key, ret->public_key, &ret->public_len);
        if (r < 0)
                return r;
        r = public_key_thumbprint(algorithm, ret->public_key, ret->public_len, ret->kid);
        if (r < 0)
                return r;
        ret->algorithm = algorithm;
        for (kind = 0; kind < TOKEN_KIND_COUNT; kind++)
                token_header(algorithm, kind, ret->kid, ret->headers[kind]);
        return 0;
}

static bool is_named_after(const char *name, const char *kid) {
        return strlen(name) == KID_LEN + sizeof KEY_FILE_SUFFIX - 1 &&
               strncmp(name, kid, KID_LEN) == 0;
}

static int keyring_add(struct keyring *keyring, int dir, const char *name) {
        struct signing_key *place = &keyring->keys[keyring->count];
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        int r;

        if (keyring->count == PAGE_KEYS_MAX) {
                log_error("keys: more than %d keys: remove those that nothing verifies with any "
                          "more",
                          PAGE_KEYS_MAX);
                return -E2BIG;
        }
        r = keyfile_read(dir, name, &key, &place->written);
        if (r < 0)
                return r;
        r = key_describe(KEY_ES256, key, place);
        if (r < 0) {
                log_error("keys/%s: is no ES256 key", log_escape(text_of(name)).text);
                return r;
        }
        if (!is_named_after(name, place->kid)) {
                log_error("keys/%s: is not named after its key: rename it to %s" KEY_FILE_SUFFIX,
                          log_escape(text_of(name)).text, place->kid);
                return -EBADMSG;
        }
        place->key = take(key);
        keyring->count++;
        return 0;
}

/* ---- the directory ---- */

static int folder_failed(const char *what, int error) {
        log_error("keys: %s: %s", what, strerror(-error));
        return error;
}

static int directory_check(int dir) {
        struct stat st;

        if (fstat(dir, &st) < 0)
                return folder_failed("the folder cannot be looked at", -errno);
        if (st.st_uid != geteuid()) {
                log_error("keys: the folder belongs to uid %u, the signer runs as uid %u: chown it",
                          (unsigned)st.st_uid, (unsigned)geteuid());
                return -EPERM;
        }
        if (st.st_mode & (S_IWGRP | S_IWOTH)) {
                log_error("keys: others may write to the folder: chmod 0700 it, and replace the "
                          "keys if others may have been there");
                return -EPERM;
        }
        return 0;
}

static bool has_prefix(const char *name, const char *prefix) {
        return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool has_suffix(const char *name, const char *suffix) {
        size_t len = strlen(name), suffix_len = strlen(suffix);

        return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static int leftover_remove(int dir, const char *name) {
        return unlinkat(dir, name, 0) < 0 ? folder_failed("a leftover cannot be removed", -errno)
                                          : 0;
}

static int entry_take(struct keyring *keyring, int dir, const char *name) {
        if (has_prefix(name, KEY_FILE_NEW))
                return leftover_remove(dir, name);
        if (has_suffix(name, KEY_FILE_SUFFIX))
                return keyring_add(keyring, dir, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
                log_warning("keys/%s: is no key (KID" KEY_FILE_SUFFIX "), left alone",
                            log_escape(text_of(name)).text);
        return 0;
}

static DIR *directory_open(int dir) {
        int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;

        if (!entries)
                closep(&fd);
        return entries;
}

static int directory_read(int dir, struct keyring *keyring) {
        _cleanup_(dir_closep) DIR *entries = directory_open(dir);
        struct dirent *entry;
        int r;

        if (!entries)
                return folder_failed("the folder cannot be read", -errno);
        while (errno = 0, (entry = readdir(entries))) {
                r = entry_take(keyring, dir, entry->d_name);
                if (r < 0)
                        return r;
        }
        return errno ? folder_failed("the folder cannot be read", -errno) : 0;
}

/* ---- all of them ---- */

static int first_key_write(int dir, struct signing_key *ret) {
        _cleanup_(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
        int r;

        if (!key)
                return -EIO;
        r = key_describe(KEY_ES256, key, ret);
        if (r < 0)
                return r;
        return keyfile_write(dir, ret->kid, key);
}

static int first_key_make(int dir) {
        struct signing_key described;
        int r;

        r = first_key_write(dir, &described);
        if (r < 0)
                return folder_failed("the first key cannot be made", r);
        log_notice("made the first signing key, %s (%s)", described.kid,
                   algorithm_name(described.algorithm));
        return 0;
}

/* Newest first. Of two that are as new the name decides, so that it is the same one at each start.
 */
static int newest_first(const void *left, const void *right) {
        const struct signing_key *a = left, *b = right;

        if (a->written.tv_sec != b->written.tv_sec)
                return a->written.tv_sec > b->written.tv_sec ? -1 : 1;
        if (a->written.tv_nsec != b->written.tv_nsec)
                return a->written.tv_nsec > b->written.tv_nsec ? -1 : 1;
        return strcmp(a->kid, b->kid);
}

static void states_set(struct keyring *keyring) {
        size_t i;

        qsort(keyring->keys, keyring->count, sizeof keyring->keys[0], newest_first);
        for (i = 0; i < keyring->count; i++)
                keyring->keys[i].state = i == 0 ? KEY_ACTIVE : KEY_RETIRED;
}

static int directory_load(int dir, struct keyring *ret) {
        int r;

        r = directory_check(dir);
        if (r < 0)
                return r;
        r = directory_read(dir, ret);
        if (r < 0 || ret->count > 0)
                return r;
        r = first_key_make(dir);
        if (r < 0)
                return r;
        r = directory_read(dir, ret); /* as every later start will */
        if (r == 0 && ret->count == 0)
                r = folder_failed("the first key is gone again", -ENOENT);
        return r;
}

int keyring_load(int dir, struct keyring *ret) {
        int r;

        *ret = (struct keyring){.count = 0};
        r = directory_load(dir, ret);
        if (r < 0) {
                keyring_clear(ret);
                return r;
        }
        states_set(ret);
        return 0;
}

void keyring_clear(struct keyring *keyring) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                EVP_PKEY_free(keyring->keys[i].key);
        keyring->count = 0;
}

/* ---- do they work ---- */

static int key_try(const struct signing_key *key) {
        _cleanup_(pkey_freep) EVP_PKEY *public_key = NULL;
        struct text bytes = text_of(key->kid);
        uint8_t signature[SIGNATURE_MAX];
        bool good = false;
        size_t len;
        int r;

        r = public_key_decode(key->algorithm, key->public_key, key->public_len, &public_key);
        if (r < 0)
                return r;
        r = signature_make(key->algorithm, key->key, bytes, signature, &len);
        if (r < 0)
                return r;
        r = signature_check(key->algorithm, public_key, bytes, signature, len, &good);
        if (r < 0)
                return r;
        return good ? 0 : -EBADMSG;
}

int keyring_try(const struct keyring *keyring) {
        size_t i;
        int r;

        for (i = 0; i < keyring->count; i++) {
                r = key_try(&keyring->keys[i]);
                if (r < 0) {
                        log_error("keys/%s" KEY_FILE_SUFFIX
                                  ": does not sign: restore it from a copy",
                                  keyring->keys[i].kid);
                        return r;
                }
        }
        return 0;
}
