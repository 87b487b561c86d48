/* The readers' half of the public pages; pages_write.c is the writer's.
 *
 * Why a copy is whole although nobody waits: the table that `current` = N names is not written to
 * before `current` has become N + 1. So a reader who finds N before and after his reads has read
 * nothing but table N. The writer's two fences (pages_write.c) make other processors see it in that
 * order; the reader's one is between his reads of the table and his second look at `current`. */
#include "pages.h"

#include "page_layout.h"

#include "../cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

/* To be overtaken once, a reader must miss two publications while he copies. */
#define TRIES 100

#define LAYOUT(name, magic, layout, page)                                                  \
        {                                                                                  \
                name, magic, layout, sizeof(struct page), {                                \
                        offsetof(struct page, tables[0]), offsetof(struct page, tables[1]) \
                }                                                                          \
        }

const struct page_layout page_layouts[] = {
        [PAGE_KEYS] = LAYOUT("keys", "jetnkeys", 1, keys_page),
        [PAGE_STATUS] = LAYOUT("status", "jetnstat", 2, status_page),
};

/* Processes of different builds share these files. */
_Static_assert(sizeof(struct page_head) == 64, "the head's layout is fixed");
_Static_assert(sizeof(struct page_key) == 584, "a key's layout is fixed");
_Static_assert(sizeof(struct keys_page) == 64 + 2 * (264 + 16 * 584), "no padding");
_Static_assert(sizeof(struct page_revocation) == 40, "a revocation's layout is fixed");
_Static_assert(sizeof(struct status_page) == 64 + 2 * (16 + 4 * 65536 + 40 * 65536), "no padding");
_Static_assert(offsetof(struct status_table, uid_count) == 0 &&
                       offsetof(struct status_table, revocation_count) == 4 &&
                       offsetof(struct status_table, is_full) == 8,
               "ask_revocations() reads the table's head as four numbers");
_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "read as plain bytes");

size_t page_size(enum page page) {
        return page_layouts[page].size;
}

/* Whoever may write a page may say which keys to trust. */
static int file_check(const struct stat *st, enum page page, uid_t also_uid) {
        bool good_owner = st->st_uid == 0 || (also_uid != (uid_t)-1 && st->st_uid == also_uid);

        if (!S_ISREG(st->st_mode) || !good_owner || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
                return -EPERM;
        return st->st_size == (off_t)page_size(page) ? 0 : -EBADMSG;
}

int page_open(const char *dir, enum page page, uid_t also_uid, int *ret_fd) {
        _cleanup_(closep) int dir_fd = -1, fd = -1;
        struct stat st;
        int r;

        dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return -errno;
        /* O_NONBLOCK: a FIFO laid there must not hold us up. */
        fd = openat(dir_fd, page_layouts[page].name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        r = file_check(&st, page, also_uid);
        if (r < 0)
                return r;
        *ret_fd = take_fd(&fd);
        return 0;
}

bool page_is_replaced(const char *dir, enum page page, int fd) {
        struct stat ours, named;
        char path[PATH_MAX];

        if (fstat(fd, &ours) < 0 || ours.st_nlink == 0)
                return true;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, page_layouts[page].name) >=
                    sizeof path ||
            lstat(path, &named) < 0)
                return false;
        return named.st_dev != ours.st_dev || named.st_ino != ours.st_ino;
}

/* All of it, or the file is no page. */
static int read_at(int fd, size_t offset, void *ret, size_t len) {
        ssize_t got;

        do
                got = pread(fd, ret, len, (off_t)offset);
        while (got < 0 && errno == EINTR);
        if (got < 0)
                return -errno;
        return (size_t)got == len ? 0 : -EBADMSG;
}

bool page_head_is_good(const struct page_head *head, enum page page) {
        return memcmp(head->magic, page_layouts[page].magic, sizeof head->magic) == 0 &&
               head->layout == page_layouts[page].layout && head->size == page_size(page);
}

int page_current(int fd, enum page page, uint32_t *ret) {
        struct page_head head;
        uint32_t current;
        int r;

        r = read_at(fd, 0, &head, sizeof head);
        if (r < 0)
                return r;
        if (!page_head_is_good(&head, page))
                return -EBADMSG;
        current = atomic_load_explicit(&head.current, memory_order_relaxed);
        if (current == 0)
                return -EAGAIN;
        atomic_thread_fence(memory_order_acquire);
        *ret = current;
        return 0;
}

/* Has `ask` read the table at an offset until nobody wrote to it meanwhile. What `ask` found is
 * used only then, its errors too: in a table half overwritten anything can be. */
static int page_ask(int fd, enum page page, int (*ask)(int fd, size_t table, void *context),
                    void *context) {
        uint32_t before, after;
        int r, answer, tries;

        for (tries = 0; tries < TRIES; tries++) {
                r = page_current(fd, page, &before);
                if (r < 0)
                        return r;
                answer = ask(fd, page_layouts[page].tables[before & 1], context);
                atomic_thread_fence(memory_order_acquire);
                r = page_current(fd, page, &after);
                if (r < 0)
                        return r;
                if (after == before)
                        return answer;
        }
        return -EBUSY;
}

static bool key_is_good(const struct page_key *key) {
        bool has_bytes = key->public_len > 0;

        return strnlen(key->kid, sizeof key->kid) == KID_LEN &&
               has_bytes == (key->algorithm != KEY_HS256) &&
               key->public_len <= sizeof key->public_key;
}

bool keys_table_is_good(const struct keys_table *table) {
        size_t issuer_len = strnlen(table->issuer, sizeof table->issuer), i;

        if (issuer_len == 0 || issuer_len == sizeof table->issuer || table->count > PAGE_KEYS_MAX)
                return false;
        for (i = 0; i < table->count; i++)
                if (!key_is_good(&table->keys[i]))
                        return false;
        return true;
}

static int ask_keys(int fd, size_t table, void *context) {
        struct keys_table *copy = context;
        int r;

        r = read_at(fd, table, copy, sizeof *copy);
        if (r < 0)
                return r;
        return keys_table_is_good(copy) ? 0 : -EBADMSG;
}

int keys_page_read(int fd, struct keys_table *ret) {
        struct keys_table copy;
        int r;

        r = page_ask(fd, PAGE_KEYS, ask_keys, &copy);
        if (r < 0)
                return r;
        *ret = copy;
        return 0;
}

struct uid_question {
        uint32_t uid;
        bool found;
};

/* Halves the range until it is empty: 16 small reads instead of 256 KiB. */
static int ask_uid(int fd, size_t table, void *context) {
        struct uid_question *question = context;
        uint32_t low = 0, high, middle, uid;
        int r;

        question->found = false;
        r = read_at(fd, table + offsetof(struct status_table, uid_count), &high, sizeof high);
        if (r < 0)
                return r;
        if (high > STATUS_UIDS_MAX)
                return -EBADMSG;
        while (low < high && !question->found) {
                middle = low + (high - low) / 2;
                r = read_at(fd, table + offsetof(struct status_table, uids) + middle * sizeof uid,
                            &uid, sizeof uid);
                if (r < 0)
                        return r;
                question->found = uid == question->uid;
                if (uid < question->uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return 0;
}

int status_page_has_uid(int fd, uint32_t uid, bool *ret) {
        struct uid_question question = {.uid = uid};
        int r;

        r = page_ask(fd, PAGE_STATUS, ask_uid, &question);
        if (r < 0)
                return r;
        *ret = question.found;
        return 0;
}

/* ---- revocations ---- */

int page_revocation_compare(const struct page_revocation *a, const struct page_revocation *b) {
        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        return memcmp(a->value, b->value, sizeof a->value);
}

bool page_revocations_are_good(const struct page_revocation *revocations, size_t count) {
        size_t i;

        for (i = 0; i < count; i++) {
                if (revocations[i].kind == REVOKED_NONE || revocations[i].kind >= REVOKED_KINDS)
                        return false;
                if (i > 0 && page_revocation_compare(&revocations[i - 1], &revocations[i]) >= 0)
                        return false;
        }
        return true;
}

struct revocations_question {
        struct page_revocation *revocations; /* owned */
        uint32_t count;
        bool is_full;
};

static int revocations_take(int fd, size_t table, struct revocations_question *question) {
        size_t size = question->count * sizeof *question->revocations;
        struct page_revocation *more;
        int r;

        if (question->count == 0)
                return 0;
        more = realloc(question->revocations, size);
        if (!more)
                return -ENOMEM;
        question->revocations = more;
        r = read_at(fd, table + offsetof(struct status_table, revocations), more, size);
        if (r < 0)
                return r;
        return page_revocations_are_good(more, question->count) ? 0 : -EBADMSG;
}

static int ask_revocations(int fd, size_t table, void *context) {
        struct revocations_question *question = context;
        uint32_t head[4];
        int r;

        r = read_at(fd, table, head, sizeof head);
        if (r < 0)
                return r;
        if (head[1] > STATUS_REVOCATIONS_MAX || head[2] > 1)
                return -EBADMSG;
        question->count = head[1];
        question->is_full = head[2];
        return revocations_take(fd, table, question);
}

int status_page_read_revocations(int fd, struct page_revocation **ret_revocations,
                                 uint32_t *ret_count, bool *ret_is_full, uint32_t *ret_current) {
        struct revocations_question question = {.revocations = NULL};
        uint32_t current;
        int r;

        r = page_current(fd, PAGE_STATUS, &current);
        if (r == 0)
                r = page_ask(fd, PAGE_STATUS, ask_revocations, &question);
        if (r < 0) {
                free(question.revocations);
                return r;
        }
        *ret_revocations = question.revocations;
        *ret_count = question.count;
        *ret_is_full = question.is_full;
        *ret_current = current;
        return 0;
}
