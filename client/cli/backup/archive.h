/* The file of a backup: a tar(5) archive (ustar) of plain files, which any tar shows and unpacks.
 *
 *         jeton-backup/database          the database, as SQLite has it
 *         jeton-backup/issuer            where the host chose one by itself
 *         jeton-backup/keys/states       with the keys: what each is for
 *         jeton-backup/keys/KID.pem      or KID.hs256
 *         jeton-backup/manifest.json     the last
 *
 * What is read must be, byte for byte, what is written here for those names and sizes: so there is
 * no link, no path, no second file of a name and nothing behind the end that could be believed. */
#ifndef JETON_CLI_BACKUP_ARCHIVE_H
#define JETON_CLI_BACKUP_ARCHIVE_H

#include "../../../common/jwt/pages.h"
#include "../../../common/secret.h"

#define PART_DATABASE "database"
#define PART_ISSUER   "issuer"
#define PART_KEYS     "keys/"
#define PART_STATES   "keys/states"
#define PART_MANIFEST "manifest.json"

#define PART_NAME_MAX 64
#define PARTS_MAX     (PAGE_KEYS_MAX + 4)
#define SHA256_LEN    32

struct part {
        char name[PART_NAME_MAX];
        off_t at;
        uint64_t size;
        uint8_t sha256[SHA256_LEN];
};

struct archive {
        int fd;    /* borrowed */
        off_t end; /* where the next part begins */
        int64_t made_at;
        size_t count;
        struct part parts[PARTS_MAX];
};

/* The part of that name; NULL: there is none. */
const struct part *archive_find(const struct archive *archive, const char *name);

/* ---- writing: 0 or -errno ---- */

int archive_add(struct archive *archive, const char *name, struct text bytes);

/* A part that is in a file already: all of it. */
int archive_add_file(struct archive *archive, const char *name, int from);

/* The sum of a part that is written. */
int part_sum(const struct archive *archive, struct part *part);

/* Behind the last one. */
int archive_close(struct archive *archive);

/* ---- reading ---- */

/* Learns the parts, with the sums of what they hold. 0; -EBADMSG, and *ret_wrong says what is wrong
 * with it; other -errno. */
int archive_read(int fd, struct archive *ret, const char **ret_wrong);

/* What a small part holds. 0; -EFBIG; other -errno. */
int part_read(const struct archive *archive, const struct part *part, struct secret **ret);

/* Copies a part to a new file, and looks that it is what was read before: -EBADMSG. */
int part_copy(const struct archive *archive, const struct part *part, int to);

#endif
