/* One key, one file. Refuses what others could have read or written, and says which file
 * and why: a key that may be known is worse than no service.
 *
 * Refuses to know which keys there are and what they are for. */
#include "keyring.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX   16384 /* RSA of 4096 bits takes 3.3 KB */
#define SECRET_LEN 32

/* ---- who could have touched it ---- */

static bool is_no_file(const struct stat *st) {
        return !S_ISREG(st->st_mode);
}

static bool is_of_another(const struct stat *st) {
        return st->st_uid != geteuid() && st->st_uid != 0;
}

/* The group's bits show the mask of a POSIX ACL as well. */
static bool is_open_to_group(const struct stat *st) {
        return (st->st_mode & S_IRWXG) != 0;
}

static bool is_open_to_all(const struct stat *st) {
        return (st->st_mode & S_IRWXO) != 0;
}

static bool has_other_names(const struct stat *st) {
        return st->st_nlink != 1;
}

static bool has_no_size(const struct stat *st) {
        return st->st_size <= 0 || st->st_size > FILE_MAX;
}

static const struct {
        bool (*is_found)(const struct stat *st);
        const char *says;
} faults[] = {
        {is_no_file, "is no regular file: put the key itself there"},
        {is_of_another, "belongs to another user, who may have read it: replace the key"},
        {is_open_to_group, "is open to its group: chmod 0400 it, or replace the key if others may "
                           "have read it"},
        {is_open_to_all, "is open to everybody: chmod 0400 it, or replace the key if others may "
                         "have read it"},
        {has_other_names, "has a second name (a hard link): remove that one, or replace the key"},
        {has_no_size, "is empty or too large: restore it from a copy, or remove it"},
};

static int refuse(const char *name, const char *says, int error) {
        log_error("keys/%s: %s", log_escape(text_of(name)).text, says);
        return error;
}

static int file_check(const char *name, const struct stat *st) {
        size_t i;

        for (i = 0; i < ELEMENTS(faults); i++)
                if (faults[i].is_found(st))
                        return refuse(name, faults[i].says, -EPERM);
        return 0;
}

static int file_open(int dir, const char *name, int *ret_fd) {
        int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (fd < 0 && errno == ELOOP)
                return refuse(name, "is a symbolic link: put the key itself there", -ELOOP);
        if (fd < 0)
                return refuse(name, strerror(errno), -errno);
        *ret_fd = fd;
        return 0;
}

int keyfile_open(int dir, const char *name, int *ret_fd, size_t *ret_size,
                 struct timespec *ret_written) {
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r;

        r = file_open(dir, name, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return refuse(name, strerror(errno), -errno);
        r = file_check(name, &st);
        if (r < 0)
                return r;
        *ret_size = (size_t)st.st_size;
        *ret_written = st.st_mtim;
        *ret_fd = take_fd(&fd);
        return 0;
}

/* ---- read ---- */

struct pem {
        size_t len;
        char bytes[FILE_MAX];
};

static void pem_wipe(struct pem *pem) {
        explicit_bzero(pem, sizeof *pem);
}

static void bio_freep(BIO **bio) {
        BIO_free(*bio);
}

static int file_read(int fd, size_t size, struct pem *ret) {
        ssize_t got;

        while (ret->len < size) {
                got = read(fd, ret->bytes + ret->len, size - ret->len);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return got < 0 ? -errno : -EIO;
                ret->len += (size_t)got;
        }
        return 0;
}

/* Nobody is there to type a passphrase; without this OpenSSL would ask on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context) {
        (void)buffer;
        (void)size;
        (void)writing;
        (void)context;
        return -1;
}

static EVP_PKEY *pem_parse(const struct pem *pem) {
        _cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(pem->bytes, (int)pem->len);

        return bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
}

static int pem_load(const char *name, const struct pem *pem, EVP_PKEY **ret,
                    enum key_algorithm *ret_algorithm) {
        enum key_algorithm algorithm;
        uint8_t bytes[PAGE_PUBLIC_MAX];
        EVP_PKEY *key = pem_parse(pem);
        size_t len;

        if (!key)
                return refuse(name, "holds no private key in PEM: restore it from a copy",
                              -EBADMSG);
        for (algorithm = KEY_NONE + 1; algorithm < KEY_ALGORITHM_COUNT; algorithm++)
                if (public_key_encode(algorithm, key, bytes, &len) == 0) {
                        *ret = key;
                        *ret_algorithm = algorithm;
                        return 0;
                }
        EVP_PKEY_free(key);
        return refuse(name,
                      "is no ES256, EdDSA or RS256 key (P-256, Ed25519, RSA of 2048 to 4096 "
                      "bits)",
                      -EBADMSG);
}

/* 43 characters and a newline, so that an administrator can read it out. */
static int secret_load(const char *name, const struct pem *file, EVP_PKEY **ret,
                       enum key_algorithm *ret_algorithm) {
        struct text text = {file->bytes, file->len - 1};
        uint8_t bytes[SECRET_LEN];
        EVP_PKEY *key = NULL;
        size_t len;

        if (file->bytes[file->len - 1] == '\n' &&
            base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes)
                key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, bytes, len);
        explicit_bzero(bytes, sizeof bytes);
        if (!key)
                return refuse(name, "holds no secret of 32 bytes: restore it from a copy",
                              -EBADMSG);
        *ret = key;
        *ret_algorithm = KEY_HS256;
        return 0;
}

static const struct {
        const char *suffix;
        int (*load)(const char *name, const struct pem *file, EVP_PKEY **ret,
                    enum key_algorithm *ret_algorithm);
} formats[] = {
        {".pem", pem_load},
        {".hs256", secret_load},
};

/* Which of the formats a file is named for; NULL when it is no key's. */
static const char *suffix_of(const char *name, size_t *ret_format) {
        size_t i, len = strlen(name), suffix_len;

        for (i = 0; i < ELEMENTS(formats); i++) {
                suffix_len = strlen(formats[i].suffix);
                if (len > suffix_len && strcmp(name + len - suffix_len, formats[i].suffix) == 0) {
                        *ret_format = i;
                        return name + len - suffix_len;
                }
        }
        return NULL;
}

bool keyfile_is_named(const char *name) {
        size_t format;

        return suffix_of(name, &format) != NULL;
}

void keyfile_name(enum key_algorithm algorithm, const char *kid, char ret[KEY_FILE_NAME_MAX]) {
        snprintf(ret, KEY_FILE_NAME_MAX, "%.*s%s", KID_LEN, kid,
                 formats[algorithm == KEY_HS256].suffix);
}

int keyfile_read(int dir, const char *name, EVP_PKEY **ret, enum key_algorithm *ret_algorithm,
                 struct timespec *ret_written) {
        _cleanup_(pem_wipe) struct pem pem = {0};
        _cleanup_(closep) int fd = -1;
        size_t size, format;
        int r;

        if (!suffix_of(name, &format))
                return -EINVAL;
        r = keyfile_open(dir, name, &fd, &size, ret_written);
        if (r < 0)
                return r;
        r = file_read(fd, size, &pem);
        if (r < 0)
                return refuse(name, strerror(-r), r);
        return formats[format].load(name, &pem, ret, ret_algorithm);
}

/* ---- write ---- */

/* BIO_s_mem() wipes its bytes when it grows and when it is freed. */
static int pem_print(EVP_PKEY *key, struct pem *ret) {
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        char *bytes;
        long len;

        if (!bio)
                return -ENOMEM;
        if (PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
                return -EIO;
        len = BIO_get_mem_data(bio, &bytes);
        if (len <= 0 || len > FILE_MAX)
                return -EIO;
        memcpy(ret->bytes, bytes, (size_t)len);
        ret->len = (size_t)len;
        return 0;
}

static int secret_print(EVP_PKEY *key, struct pem *ret) {
        uint8_t bytes[SECRET_LEN];
        size_t len = sizeof bytes;

        if (EVP_PKEY_get_raw_private_key(key, bytes, &len) != 1 || len != sizeof bytes)
                return -EIO;
        base64url_encode(bytes, len, ret->bytes);
        explicit_bzero(bytes, sizeof bytes);
        ret->len = BASE64URL_LEN(SECRET_LEN);
        ret->bytes[ret->len++] = '\n';
        return 0;
}

static int file_fill(int fd, struct text bytes) {
        size_t done = 0;
        ssize_t put;

        while (done < bytes.len) {
                put = write(fd, bytes.p + done, bytes.len - done);
                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return -errno;
                done += (size_t)put;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int new_file_make(int dir, const char *new_name, struct text bytes) {
        _cleanup_(closep) int fd = -1;

        fd = openat(dir, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        return fd < 0 ? -errno : file_fill(fd, bytes);
}

/* In this order: the file, its bytes on the disk, its name, the name on the disk. */
int keyfile_put(int dir, const char *name, struct text bytes) {
        char new_name[KEY_FILE_NAME_MAX + sizeof KEY_FILE_NEW];
        int r;

        snprintf(new_name, sizeof new_name, KEY_FILE_NEW "%s", name);
        r = new_file_make(dir, new_name, bytes);
        if (r == 0 && renameat(dir, new_name, dir, name) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(dir, new_name, 0);
                return r;
        }
        return fsync(dir) < 0 ? -errno : 0;
}

int keyfile_write(int dir, enum key_algorithm algorithm, const char *kid, EVP_PKEY *key) {
        _cleanup_(pem_wipe) struct pem file = {0};
        char name[KEY_FILE_NAME_MAX];
        int r;

        r = algorithm == KEY_HS256 ? secret_print(key, &file) : pem_print(key, &file);
        if (r < 0)
                return r;
        keyfile_name(algorithm, kid, name);
        return keyfile_put(dir, name, (struct text){file.bytes, file.len});
}
