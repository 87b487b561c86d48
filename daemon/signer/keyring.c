/* Which keys there are: the folder read once at the start, and replaced as a whole at each change.
 */
#include "keyring.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static void pkey_freep(EVP_PKEY **key) {
        EVP_PKEY_free(*key);
}

static void dir_closep(DIR **dir) {
        if (*dir)
                closedir(*dir);
}

struct signing_key *keyring_find(struct keyring *keyring, struct text kid) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                if (text_is(text_of(keyring->keys[i].kid), kid))
                        return &keyring->keys[i];
        return NULL;
}

struct signing_key *keyring_find_state(struct keyring *keyring, enum key_algorithm algorithm,
                                       enum key_state state) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                if (keyring->keys[i].algorithm == algorithm && keyring->keys[i].state == state)
                        return &keyring->keys[i];
        return NULL;
}

void keyring_remove(struct keyring *keyring, struct signing_key *key) {
        struct signing_key *end = keyring->keys + keyring->count;

        memmove(key, key + 1, (size_t)(end - key - 1) * sizeof *key);
        keyring->count--;
}

/* ---- one file ---- */

static int full(void) {
        log_error("keys: more than %d keys: remove those that nothing verifies with any more",
                  PAGE_KEYS_MAX);
        return -E2BIG;
}

static int misnamed(const char *name, const struct signing_key *key) {
        char right[KEY_FILE_NAME_MAX];

        keyfile_name(key->algorithm, key->kid, right);
        log_error("keys/%s: is not named after its key: rename it to %s",
                  log_escape(text_of(name)).text, right);
        return -EBADMSG;
}

static int key_load(int dir, const char *name, struct signing_key *ret) {
        struct signing_key loaded = {.state = KEY_STATE_NONE};
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        char kid[KID_LEN + 1], right[KEY_FILE_NAME_MAX];
        enum key_algorithm algorithm;
        int r;

        r = keyfile_read(dir, name, &key, &algorithm, &loaded.written);
        if (r < 0)
                return r;
        snprintf(kid, sizeof kid, "%.*s", KID_LEN, name);
        r = key_describe(algorithm, key, kid, &loaded);
        if (r < 0) {
                log_error("keys/%s: is not named after a kid of 43 characters",
                          log_escape(text_of(name)).text);
                return r;
        }
        keyfile_name(algorithm, loaded.kid, right);
        if (strcmp(name, right) != 0)
                return misnamed(name, &loaded);
        loaded.key = take(key);
        *ret = loaded;
        return 0;
}

static int keyring_add(struct keyring *keyring, int dir, const char *name) {
        int r;

        if (keyring->count == PAGE_KEYS_MAX)
                return full();
        r = key_load(dir, name, &keyring->keys[keyring->count]);
        if (r == 0)
                keyring->count++;
        return r;
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

/* What `states` says; without such a file every key is taken. */
struct key_register {
        struct key_row rows[PAGE_KEYS_MAX];
        size_t count;
        bool is_there;
};

static const struct key_row *row_of_file(const struct key_register *states, const char *name) {
        char right[KEY_FILE_NAME_MAX];
        size_t i;

        for (i = 0; i < states->count; i++) {
                keyfile_name(states->rows[i].algorithm, states->rows[i].kid, right);
                if (strcmp(right, name) == 0)
                        return &states->rows[i];
        }
        return NULL;
}

/* Its making or its dropping was interrupted: no token is of it, or none is to verify. Or it was
 * put there by hand. */
static int orphan_set_aside(int dir, const char *name) {
        char aside[NAME_MAX + 1];
        int n = snprintf(aside, sizeof aside, "%s" KEY_FILE_ASIDE, name);

        if (n < 0 || (size_t)n >= sizeof aside)
                return folder_failed("a file cannot be set aside", -ENAMETOOLONG);
        if (renameat(dir, name, dir, aside) < 0)
                return folder_failed("a file cannot be set aside", -errno);
        log_warning("keys/%s: is in no line of keys/" STATES_FILE ", set aside as %s",
                    log_escape(text_of(name)).text, log_escape(text_of(aside)).text);
        return 0;
}

static bool is_own(const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, STATES_FILE) == 0;
}

static void stranger_tell(const char *name) {
        if (has_suffix(name, KEY_FILE_ASIDE))
                log_notice(
                        "keys/%s: was set aside: no token needs it, remove it if nobody else does",
                        log_escape(text_of(name)).text);
        else if (!is_own(name))
                log_warning("keys/%s: is no key (KID.pem or KID.hs256), left alone",
                            log_escape(text_of(name)).text);
}

static int entry_take(struct keyring *keyring, const struct key_register *states, int dir,
                      const char *name) {
        if (has_prefix(name, KEY_FILE_NEW))
                return leftover_remove(dir, name);
        if (keyfile_is_named(name)) {
                if (states->is_there && !row_of_file(states, name))
                        return orphan_set_aside(dir, name);
                return keyring_add(keyring, dir, name);
        }
        stranger_tell(name);
        return 0;
}

static DIR *directory_open(int dir) {
        int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;

        if (!entries)
                closep(&fd);
        return entries;
}

static int directory_read(int dir, const struct key_register *states, struct keyring *keyring) {
        _cleanup_(dir_closep) DIR *entries = directory_open(dir);
        struct dirent *entry;
        int r;

        if (!entries)
                return folder_failed("the folder cannot be read", -errno);
        while (errno = 0, (entry = readdir(entries))) {
                r = entry_take(keyring, states, dir, entry->d_name);
                if (r < 0)
                        return r;
        }
        return errno ? folder_failed("the folder cannot be read", -errno) : 0;
}

/* ---- all of them ---- */

static int missing(const struct key_row *row) {
        char name[KEY_FILE_NAME_MAX];

        keyfile_name(row->algorithm, row->kid, name);
        log_error("keys/%s: is missing, and keys/" STATES_FILE
                  " names it: restore it from a copy, or remove its line",
                  name);
        return -ENOENT;
}

static int contradicted(const struct key_row *row, const struct signing_key *key) {
        log_error("keys/" STATES_FILE ": says that %s is %s, and its file holds an %s key: restore "
                  "one of them from a copy",
                  row->kid, algorithm_name(row->algorithm), algorithm_name(key->algorithm));
        return -EBADMSG;
}

static int states_apply(const struct key_register *states, struct keyring *keyring) {
        size_t i;

        for (i = 0; i < states->count; i++) {
                const struct key_row *row = &states->rows[i];
                struct signing_key *key = keyring_find(keyring, text_of(row->kid));

                if (!key)
                        return missing(row);
                if (key->algorithm != row->algorithm)
                        return contradicted(row, key);
                key->state = row->state;
                key->since = row->since;
                key->until = row->until;
        }
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

/* A folder that has no `states`: from before there was one, or filled by hand. */
static void states_guess(struct keyring *keyring, int64_t now, uint32_t keep_s) {
        struct signing_key *key;

        qsort(keyring->keys, keyring->count, sizeof keyring->keys[0], newest_first);
        for (key = keyring->keys; key < keyring->keys + keyring->count; key++) {
                bool is_first = !keyring_find_state(keyring, key->algorithm, KEY_ACTIVE);

                key->state = is_first ? KEY_ACTIVE : KEY_RETIRED;
                key->since = now;
                key->until = is_first ? 0 : now + keep_s;
        }
}

static int directory_load(int dir, int64_t now, uint32_t keep_s, struct keyring *ret) {
        struct key_register states;
        int r;

        r = directory_check(dir);
        if (r < 0)
                return r;
        r = states_read(dir, states.rows, &states.count);
        if (r < 0 && r != -ENOENT)
                return r;
        states.is_there = r == 0;
        r = directory_read(dir, &states, ret);
        if (r < 0)
                return r;
        if (states.is_there)
                return states_apply(&states, ret);
        states_guess(ret, now, keep_s);
        return 0;
}

int keyring_load(int dir, int64_t now, uint32_t keep_s, struct keyring *ret) {
        int r;

        *ret = (struct keyring){.count = 0};
        r = directory_load(dir, now, keep_s, ret);
        if (r < 0)
                keyring_clear(ret);
        return r;
}

void keyring_clear(struct keyring *keyring) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                EVP_PKEY_free(keyring->keys[i].key);
        keyring->count = 0;
}

/* ---- a change ---- */

static bool has_key(const struct keyring *keyring, const struct signing_key *key) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                if (keyring->keys[i].key == key->key)
                        return true;
        return false;
}

/* Calls `leave` for each key that the other keyring does not have. */
static void difference(int dir, const struct keyring *keyring, const struct keyring *other,
                       void (*leave)(int dir, const struct signing_key *key)) {
        size_t i;

        for (i = 0; i < keyring->count; i++)
                if (!has_key(other, &keyring->keys[i]))
                        leave(dir, &keyring->keys[i]);
}

static void forget(int dir, const struct signing_key *key) {
        (void)dir;
        EVP_PKEY_free(key->key);
}

static void drop(int dir, const struct signing_key *key) {
        char name[KEY_FILE_NAME_MAX];

        keyfile_name(key->algorithm, key->kid, name);
        if (unlinkat(dir, name, 0) < 0 || fsync(dir) < 0)
                log_warning("keys/%s: is dropped and cannot be removed: %s", name, strerror(errno));
        EVP_PKEY_free(key->key);
}

/* The files stay: whether `states` names them is not known after a failure. The next start sees. */
void keyring_discard(const struct keyring *next, const struct keyring *current) {
        difference(-1, next, current, forget);
}

int keyring_replace(int dir, struct keyring *current, const struct keyring *next,
                    void (*publish)(void *context), void *context) {
        struct keyring before = *current;
        int r;

        r = states_write(dir, next);
        if (r < 0) {
                log_error("keys/" STATES_FILE ": cannot be written: %s", strerror(-r));
                return r;
        }
        *current = *next;
        publish(context);
        difference(dir, &before, current, drop);
        return 0;
}

/* ---- do they work ---- */

int keyring_try(const struct keyring *keyring) {
        size_t i;
        int r;

        for (i = 0; i < keyring->count; i++) {
                r = key_try(&keyring->keys[i]);
                if (r < 0) {
                        log_error("keys/%s: does not sign: restore its file from a copy",
                                  keyring->keys[i].kid);
                        return r;
                }
        }
        return 0;
}
