/* A file is the same while inode, size and time are: who writes it anew puts another in its place.
 * Fails closed: what was read before does not outlive a file that is gone or broken. */
#include "book.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <fcntl.h>

void book_clear(struct book *book) {
        size_t i;

        for (i = 0; i < book->count; i++) {
                closep(&book->entries[i].folder);
                outside_keys_free(book->entries[i].keys);
                freep(&book->entries[i].path);
        }
        *book = (struct book){.count = 0};
}

/* Absolute, or a name alone: what is behind the last slash leads nowhere but into the folder. */
static int path_keep(struct text said, struct book_entry *entry) {
        _cleanup_(freep) char *path = NULL;
        const char *slash;

        if (said.len == 0)
                return -EPROTO;
        path = strndup(said.p, said.len);
        if (!path)
                return -ENOMEM;
        slash = strrchr(path, '/');
        if (slash && (*path != '/' || !slash[1]))
                return -EPROTO;
        entry->file = slash ? slash + 1 : path;
        entry->path = take(path);
        return 0;
}

int book_add(struct book *book, const struct msg_setup_issuer *said) {
        struct outside_issuer *issuer = &book->issuers[book->count];
        struct book_entry *entry = &book->entries[book->count];
        int r;

        if (book->count == OUTSIDE_ISSUERS_MAX)
                return -EPROTO;
        *issuer = (struct outside_issuer){.algorithm = said->algorithm};
        *entry = (struct book_entry){.folder = -1};
        if (text_copy(said->url, issuer->url, sizeof issuer->url) < 0 ||
            text_copy(said->audiences, issuer->audience, sizeof issuer->audience) < 0)
                return -EPROTO;
        r = path_keep(said->file, entry);
        if (r == 0)
                book->count++;
        return r;
}

int book_give_folder(struct book *book, uint32_t number, int folder) {
        if (number >= book->count || book->entries[number].folder >= 0)
                return -EPROTO;
        book->entries[number].folder = folder;
        return 0;
}

size_t book_folders(const struct book *book, int ret[OUTSIDE_ISSUERS_MAX]) {
        size_t i, count = 0;

        for (i = 0; i < book->count; i++)
                if (book->entries[i].folder >= 0)
                        ret[count++] = book->entries[i].folder;
        return count;
}

/* ---- one file ---- */

/* A FIFO in its place would be waited for, a symbolic link leads out of the folder. */
static int file_open(const struct book_entry *entry, struct stat *ret_st, int *ret_fd) {
        _cleanup_(closep) int fd = -1;

        fd = openat(entry->folder, entry->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, ret_st) < 0)
                return -errno;
        if (!S_ISREG(ret_st->st_mode))
                return -EINVAL;
        if (ret_st->st_size > JWKS_FILE_MAX)
                return -EFBIG;
        *ret_fd = take_fd(&fd);
        return 0;
}

/* Whatever it has become meanwhile: one byte more than it may have is too many. */
static int file_read(int fd, char **ret, size_t *ret_len) {
        _cleanup_(freep) char *bytes = malloc(JWKS_FILE_MAX + 1);
        size_t len = 0;
        ssize_t n = 1;

        if (!bytes)
                return -ENOMEM;
        while (n > 0 && len <= JWKS_FILE_MAX) {
                n = read(fd, bytes + len, JWKS_FILE_MAX + 1 - len);
                if (n < 0)
                        return -errno;
                len += (size_t)n;
        }
        if (len > JWKS_FILE_MAX)
                return -EFBIG;
        *ret = take(bytes);
        *ret_len = len;
        return 0;
}

static bool is_same(const struct stamp *stamp, const struct stat *st) {
        return stamp->device == st->st_dev && stamp->inode == st->st_ino &&
               stamp->size == st->st_size && stamp->changed.tv_sec == st->st_mtim.tv_sec &&
               stamp->changed.tv_nsec == st->st_mtim.tv_nsec;
}

/* ---- an issuer's keys ---- */

static void keys_drop(struct outside_issuer *issuer, struct book_entry *entry) {
        outside_keys_free(take(entry->keys));
        issuer->keys = NULL;
}

static void entry_fail(struct outside_issuer *issuer, struct book_entry *entry, int error) {
        keys_drop(issuer, entry);
        entry->stamp = (struct stamp){0};
        if (error != entry->error)
                log_error("tokens of %s are refused: %s: %s", issuer->url,
                          log_escape_path(text_of(entry->path)).text, strerror(-error));
        entry->error = error;
}

static void keys_replace(struct outside_issuer *issuer, struct book_entry *entry,
                         struct text bytes) {
        const char *fault;

        keys_drop(issuer, entry);
        fault = outside_keys_read(issuer->algorithm, bytes, &entry->keys);
        issuer->keys = entry->keys;
        if (fault)
                log_error("tokens of %s are refused: %s: %s", issuer->url,
                          log_escape_path(text_of(entry->path)).text, fault);
        else
                log_info("%s: %zu keys of %s", log_escape_path(text_of(entry->path)).text,
                         entry->keys->count, issuer->url);
}

/* Whatever it says, it is looked at once; one that could not be read is read again. */
static int entry_read(struct outside_issuer *issuer, struct book_entry *entry,
                      const struct stat *st, int fd) {
        _cleanup_(freep) char *bytes = NULL;
        size_t len = 0;
        int r;

        r = file_read(fd, &bytes, &len);
        if (r < 0)
                return r;
        entry->stamp = (struct stamp){st->st_dev, st->st_ino, st->st_size, st->st_mtim};
        keys_replace(issuer, entry, (struct text){bytes, len});
        return 0;
}

static void entry_refresh(struct outside_issuer *issuer, struct book_entry *entry) {
        _cleanup_(closep) int fd = -1;
        struct stat st = {0};
        int r;

        if (entry->folder < 0)
                return; /* the parent has said why */
        r = file_open(entry, &st, &fd);
        if (r == 0 && !is_same(&entry->stamp, &st))
                r = entry_read(issuer, entry, &st, fd);
        if (r < 0)
                entry_fail(issuer, entry, r);
        else
                entry->error = 0;
}

void book_refresh(struct book *book) {
        size_t i;

        for (i = 0; i < book->count; i++)
                entry_refresh(&book->issuers[i], &book->entries[i]);
}
