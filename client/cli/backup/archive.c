/* Writing and reading the archive. A header is compared with the one that we would have written, so
 * there is no other field to believe. */
#include "archive.h"

#include "../../../common/cleanup.h"
#include "../../../common/jwt/base64url.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#define FOLDER     "jeton-backup/"
#define BLOCK      512
#define SMALL_MAX  65536
#define FILE_MAX   (UINT64_C(1) << 33) /* eleven octal digits */
#define COPY_BYTES 65536

/* ---- names ---- */

static bool is_key(const char *name) {
        static const char *const suffixes[] = {".pem", ".hs256"};
        struct text kid = {name + sizeof PART_KEYS - 1, KID_LEN};
        uint8_t bytes[32];
        size_t i, len;

        if (strlen(name) <= sizeof PART_KEYS - 1 + KID_LEN ||
            base64url_decode(kid, bytes, sizeof bytes, &len) < 0)
                return false;
        for (i = 0; i < ELEMENTS(suffixes); i++)
                if (strcmp(kid.p + KID_LEN, suffixes[i]) == 0)
                        return true;
        return false;
}

/* 0: there is no such part. */
static uint64_t size_max(const char *name) {
        if (strcmp(name, PART_DATABASE) == 0)
                return FILE_MAX - 1;
        if (strcmp(name, PART_ISSUER) == 0 || strcmp(name, PART_STATES) == 0 ||
            strcmp(name, PART_MANIFEST) == 0)
                return SMALL_MAX;
        return text_begins(text_of(name), TEXT(PART_KEYS)) && is_key(name) ? SMALL_MAX : 0;
}

const struct part *archive_find(const struct archive *archive, const char *name) {
        size_t i;

        for (i = 0; i < archive->count; i++)
                if (strcmp(archive->parts[i].name, name) == 0)
                        return &archive->parts[i];
        return NULL;
}

/* ---- headers ---- */

struct header {
        char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100],
                magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155],
                unused[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "tar(5)");

static unsigned sum_of(const struct header *header) {
        const unsigned char *bytes = (const unsigned char *)header;
        unsigned sum = 0;
        size_t i;

        for (i = 0; i < sizeof *header; i++)
                sum += bytes[i];
        return sum;
}

static void header_make(const char *name, uint64_t size, int64_t made_at, struct header *ret) {
        *ret = (struct header){.type = '0',
                               .mode = "0000600",
                               .uid = "0000000",
                               .gid = "0000000",
                               .user = "root",
                               .group = "root",
                               .magic = "ustar"};
        snprintf(ret->name, sizeof ret->name, FOLDER "%s", name);
        snprintf(ret->size, sizeof ret->size, "%011" PRIo64, size);
        snprintf(ret->mtime, sizeof ret->mtime, "%011" PRIo64, (uint64_t)made_at);
        memset(ret->version, '0', sizeof ret->version);
        memset(ret->sum, ' ', sizeof ret->sum);
        snprintf(ret->sum, sizeof ret->sum - 1, "%06o", sum_of(ret));
}

static bool octal_read(const char field[12], uint64_t *ret) {
        uint64_t value = 0;
        size_t i;

        for (i = 0; i < 11; i++) {
                if (field[i] < '0' || field[i] > '7')
                        return false;
                value = value << 3 | (uint64_t)(field[i] - '0');
        }
        *ret = value;
        return true;
}

static bool header_read(const struct header *header, struct part *ret, int64_t *ret_made_at) {
        const char *name = header->name + sizeof FOLDER - 1;
        uint64_t made_at;
        struct header ours;

        if (strnlen(header->name, sizeof header->name) == sizeof header->name ||
            strncmp(header->name, FOLDER, sizeof FOLDER - 1) != 0 ||
            !octal_read(header->size, &ret->size) || !octal_read(header->mtime, &made_at) ||
            text_copy(text_of(name), ret->name, sizeof ret->name) < 0)
                return false;
        header_make(ret->name, ret->size, (int64_t)made_at, &ours);
        *ret_made_at = (int64_t)made_at;
        return memcmp(header, &ours, sizeof ours) == 0;
}

/* ---- bytes ---- */

static int write_at(int fd, const void *bytes, size_t len, off_t at) {
        const char *rest = bytes;

        while (len > 0) {
                ssize_t n = pwrite(fd, rest, len, at);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                len -= (size_t)n;
                at += n;
        }
        return 0;
}

/* -EBADMSG: it ends before. */
static int read_at(int fd, void *ret, size_t len, off_t at) {
        char *rest = ret;

        while (len > 0) {
                ssize_t n = pread(fd, rest, len, at);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EBADMSG;
                rest += n;
                len -= (size_t)n;
                at += n;
        }
        return 0;
}

/* Every byte, to a file unless that is -1, and to a sum unless that is NULL. */
static int bytes_pass(int from, off_t from_at, uint64_t size, int to, off_t to_at,
                      EVP_MD_CTX *sum) {
        char bytes[COPY_BYTES];
        int r = 0;

        while (r == 0 && size > 0) {
                size_t len = size < sizeof bytes ? (size_t)size : sizeof bytes;

                r = read_at(from, bytes, len, from_at);
                if (r == 0 && sum && EVP_DigestUpdate(sum, bytes, len) != 1)
                        r = -ENOMEM;
                if (r == 0 && to >= 0)
                        r = write_at(to, bytes, len, to_at);
                from_at += (off_t)len;
                to_at += (off_t)len;
                size -= len;
        }
        explicit_bzero(bytes, sizeof bytes);
        return r;
}

static off_t padded(uint64_t size) {
        return (off_t)((size + BLOCK - 1) / BLOCK * BLOCK);
}

/* ---- writing ---- */

static struct part *part_new(struct archive *archive, const char *name) {
        struct part *part = &archive->parts[archive->count];

        if (archive->count == PARTS_MAX || text_copy(text_of(name), part->name, PART_NAME_MAX) < 0)
                return NULL;
        part->at = archive->end + BLOCK;
        return part;
}

static int part_done(struct archive *archive, struct part *part) {
        static const char zeros[BLOCK];
        off_t next = part->at + padded(part->size);
        struct header header;
        int r;

        header_make(part->name, part->size, archive->made_at, &header);
        r = write_at(archive->fd, &header, sizeof header, part->at - BLOCK);
        if (r == 0)
                r = write_at(archive->fd, zeros, (size_t)next - (size_t)part->at - part->size,
                             part->at + (off_t)part->size);
        if (r < 0)
                return r;
        archive->end = next;
        archive->count++;
        return 0;
}

int archive_add(struct archive *archive, const char *name, struct text bytes) {
        struct part *part = part_new(archive, name);
        int r;

        if (!part)
                return -E2BIG;
        part->size = bytes.len;
        r = write_at(archive->fd, bytes.p, bytes.len, part->at);
        return r < 0 ? r : part_done(archive, part);
}

int archive_add_file(struct archive *archive, const char *name, int from) {
        struct part *part = part_new(archive, name);
        struct stat st;
        int r;

        if (!part)
                return -E2BIG;
        if (fstat(from, &st) < 0)
                return -errno;
        part->size = (uint64_t)st.st_size;
        if (part->size >= FILE_MAX)
                return -EFBIG;
        r = bytes_pass(from, 0, part->size, archive->fd, part->at, NULL);
        return r < 0 ? r : part_done(archive, part);
}

int archive_close(struct archive *archive) {
        static const char zeros[2 * BLOCK];

        /* A part that was taken back may have been longer. */
        if (ftruncate(archive->fd, archive->end) < 0)
                return -errno;
        return write_at(archive->fd, zeros, sizeof zeros, archive->end);
}

/* ---- reading ---- */

struct sha256 {
        EVP_MD_CTX *context;
};

static void sha256_clear(struct sha256 *sha256) {
        EVP_MD_CTX_free(sha256->context);
}

/* Every byte of a part, to its sum and, unless -1, to a file. */
static int part_go_through(const struct archive *archive, const struct part *part, int to,
                           uint8_t ret[SHA256_LEN]) {
        _cleanup_(sha256_clear) struct sha256 sha256 = {EVP_MD_CTX_new()};
        int r;

        if (!sha256.context || EVP_DigestInit_ex(sha256.context, EVP_sha256(), NULL) != 1)
                return -ENOMEM;
        r = bytes_pass(archive->fd, part->at, part->size, to, 0, sha256.context);
        if (r == 0 && EVP_DigestFinal_ex(sha256.context, ret, NULL) != 1)
                r = -ENOMEM;
        return r;
}

int part_sum(const struct archive *archive, struct part *part) {
        return part_go_through(archive, part, -1, part->sha256);
}

/* What fills the last block of a part, and what follows the last part. */
static int zeros_check(int fd, off_t from, off_t to) {
        static const char zeros[2 * BLOCK];
        char bytes[2 * BLOCK];
        int r;

        r = read_at(fd, bytes, (size_t)(to - from), from);
        if (r < 0)
                return r;
        return memcmp(bytes, zeros, (size_t)(to - from)) == 0 ? 0 : -EBADMSG;
}

static const char *part_next(struct archive *archive, off_t file_size, int *ret) {
        struct part *part = part_new(archive, "");
        int64_t made_at = 0;
        struct header header;

        if (!part)
                return "has too many parts";
        *ret = read_at(archive->fd, &header, sizeof header, archive->end);
        if (*ret == -EBADMSG)
                return "ends too early";
        if (*ret < 0)
                return "cannot be read";
        if (!header_read(&header, part, &made_at) ||
            (archive->count > 0 && made_at != archive->made_at))
                return archive->count > 0 ? "has a header that no backup has"
                                          : "is no backup of jeton";
        archive->made_at = made_at;
        if (part->size > size_max(part->name) || part->size == 0)
                return "has a part that no backup has";
        if (archive_find(archive, part->name))
                return "has a part twice";
        if (padded(part->size) > file_size - part->at)
                return "ends too early";
        *ret = part_go_through(archive, part, -1, part->sha256);
        if (*ret == 0)
                *ret = zeros_check(archive->fd, part->at + (off_t)part->size,
                                   part->at + padded(part->size));
        archive->end = part->at + padded(part->size);
        archive->count++;
        return *ret < 0 ? "has a part that cannot be read" : NULL;
}

static const char *end_check(const struct archive *archive, off_t file_size) {
        if (file_size < archive->end + 2 * BLOCK)
                return "ends too early";
        if (file_size > archive->end + 2 * BLOCK ||
            zeros_check(archive->fd, archive->end, file_size) < 0)
                return "has something behind its end";
        return archive_find(archive, PART_DATABASE) ? NULL : "has no database";
}

static bool is_complete(const struct archive *archive) {
        return archive->count > 0 &&
               strcmp(archive->parts[archive->count - 1].name, PART_MANIFEST) == 0;
}

int archive_read(int fd, struct archive *ret, const char **ret_wrong) {
        const char *wrong = NULL;
        struct stat st;
        int r = 0;

        *ret = (struct archive){.fd = fd};
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                wrong = "is no plain file";
        while (!wrong && !is_complete(ret))
                wrong = part_next(ret, st.st_size, &r);
        if (!wrong)
                wrong = end_check(ret, st.st_size);
        *ret_wrong = wrong;
        return wrong ? (r < 0 ? r : -EBADMSG) : 0;
}

int part_read(const struct archive *archive, const struct part *part, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *bytes = NULL;
        int r;

        r = secret_reserve((size_t)part->size, &bytes);
        if (r == 0)
                r = read_at(archive->fd, bytes->bytes, bytes->len, part->at);
        if (r == 0)
                *ret = take(bytes);
        return r;
}

int part_copy(const struct archive *archive, const struct part *part, int to) {
        uint8_t sha256[SHA256_LEN];
        int r;

        r = part_go_through(archive, part, to, sha256);
        if (r < 0)
                return r;
        return memcmp(sha256, part->sha256, sizeof sha256) == 0 ? 0 : -EBADMSG;
}
