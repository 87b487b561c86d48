/* The two public pages: files of fixed size in the daemon's run directory that any process may map
 * or read, and that outlive the daemon.
 *
 * A page has a head and two tables. The writer fills the table that is not current and publishes it
 * by one atomic store of `current`; a reader copies the current table and looks at `current` again.
 * A writer killed at any instruction leaves the last published table in force, and nobody waits. */
#ifndef JETON_JWT_PAGES_H
#define JETON_JWT_PAGES_H

#include "../name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE_LAYOUT 1

enum key_algorithm {
        KEY_NONE = 0,
        KEY_ES256 = 1,
};

enum key_state {
        KEY_STATE_NONE = 0,
        KEY_PREPARED = 1, /* published, does not sign yet */
        KEY_ACTIVE = 2,   /* signs */
        KEY_RETIRED = 3,  /* verifies only */
};

#define KID_LEN         43 /* an RFC 7638 SHA-256 thumbprint in base64url */
#define PAGE_KEYS_MAX   16
#define PAGE_PUBLIC_MAX 528
#define STATUS_UIDS_MAX 65536

struct page_head {
        char magic[8]; /* "jetnkeys", "jetnstat" */
        uint32_t layout;
        uint32_t size;            /* of the whole page, in bytes */
        _Atomic uint32_t current; /* 0: nothing published yet; otherwise a count, whose last bit
                                   * picks the table */
        uint32_t unused[11];
};

struct page_key {
        char kid[KID_LEN + 1];
        uint32_t algorithm; /* enum key_algorithm */
        uint32_t state;     /* enum key_state */
        uint32_t public_len;
        uint8_t public_key[PAGE_PUBLIC_MAX]; /* ES256: x || y, 32 bytes each */
};

struct keys_table {
        char issuer[ISSUER_MAX + 1];
        uint32_t count;
        uint32_t unused;
        struct page_key keys[PAGE_KEYS_MAX];
};

struct keys_page {
        struct page_head head;
        struct keys_table tables[2];
};

struct status_table {
        uint32_t uid_count;
        uint32_t unused;
        uint32_t uids[STATUS_UIDS_MAX]; /* linked to a user, ascending */
};

struct status_page {
        struct page_head head;
        struct status_table tables[2];
};

enum page {
        PAGE_KEYS,
        PAGE_STATUS,
};

size_t page_size(enum page page);

/* Opens DIR/keys or DIR/status for reading. Refused: a symlink, a file that is not regular, of
 * another owner than root (or `also_uid`, where that is not (uid_t)-1), writable by others, or of
 * another size. 0 or -errno (-EPERM for owner and mode, -EBADMSG for the size). */
int page_open(const char *dir, enum page page, uid_t also_uid, int *ret_fd);

/* Copies what is published, with pread(2): for one question. 0; -EAGAIN: nothing is published yet;
 * -EBADMSG: not a page of this layout, or its fields contradict each other; -EBUSY: the writer
 * overtook us again and again; other -errno. */
int keys_page_read(int fd, struct keys_table *ret);

/* Whether a user is linked to that uid. Errors as above: then *ret stays untouched. */
int status_page_has_uid(int fd, uint32_t uid, bool *ret);

/* What `current` is now, to see cheaply whether a copy is still the newest. Errors as above. */
int page_current(int fd, enum page page, uint32_t *ret);

/* ---- the writer's side: the signer for keys, the authority for status ---- */

/* Maps a page for writing and makes its head good: a head of ours is kept with what it publishes,
 * anything else starts empty. `fd` must have the page's full size. 0 or -errno. */
int page_map(int fd, enum page page, void **ret);

/* The table to fill next, and the store that makes it the current one. */
struct keys_table *keys_page_next(struct keys_page *page);
void keys_page_publish(struct keys_page *page);
struct status_table *status_page_next(struct status_page *page);
void status_page_publish(struct status_page *page);

#endif
