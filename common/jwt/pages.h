/* The two public pages: files of fixed size in the daemon's run directory that any process may map
 * or read, and that outlive the daemon.
 *
 * A page has a head and two tables. The writer fills the table that is not current and publishes it
 * by one atomic store of `current`; a reader copies the current table and looks at `current` again.
 * A writer killed at any instruction leaves the last published table in force, and nobody waits.
 *
 * Readers never map a page: of one that is cut under them they read less, where a mapping would end
 * them with SIGBUS. Writers do map theirs, and may: to cut it takes its owner, who is root, or who
 * could kill them anyhow. */
#ifndef JETON_JWT_PAGES_H
#define JETON_JWT_PAGES_H

#include "../name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum key_algorithm {
        KEY_NONE = 0,
        KEY_ES256 = 1,
        KEY_RS256 = 2,
        KEY_EDDSA = 3, /* with Ed25519 */
        KEY_HS256 = 4, /* a shared secret: kid and algorithm are published, the key never */
        KEY_ALGORITHM_COUNT,
};

enum key_state {
        KEY_STATE_NONE = 0,
        KEY_PREPARED = 1, /* published, does not sign yet */
        KEY_ACTIVE = 2,   /* signs */
        KEY_RETIRED = 3,  /* verifies only */
};

#define KID_LEN         43 /* 32 bytes in base64url: an RFC 7638 thumbprint; of HS256 random */
#define PAGE_KEYS_MAX   16
#define PAGE_PUBLIC_MAX 528
#define STATUS_UIDS_MAX 65536

#define STATUS_REVOCATIONS_MAX 65536
#define REVOCATION_VALUE_LEN   16

struct page_head {
        char magic[8];            /* "jetnkeys", "jetnstat" */
        uint32_t layout;          /* of this page: keys 1, status 2 */
        uint32_t size;            /* of the whole page, in bytes */
        _Atomic uint32_t current; /* 0: nothing published yet; otherwise a count, whose last bit
                                   * picks the table */
        uint32_t current_before;  /* where the count goes on after a page began anew */
        int64_t latest_birth; /* of the status page: a note of the writer's to itself, the highest
                               * iat that a token was given. No reader looks at it */
        uint32_t unused_too[8];
};

struct page_key {
        char kid[KID_LEN + 1];
        uint32_t algorithm; /* enum key_algorithm */
        uint32_t state;     /* enum key_state */
        uint32_t public_len;
        uint8_t public_key[PAGE_PUBLIC_MAX]; /* ES256: x || y, 32 bytes each; RS256: n || e, e in
                                              * 4 bytes; EdDSA: 32 bytes; HS256: none */
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

/* What a revocation is about (common/jwt/revocations.h). */
enum revocation_kind {
        REVOKED_NONE = 0,
        REVOKED_TOKEN,   /* a jti */
        REVOKED_SESSION, /* a sid */
        REVOKED_SUBJECT, /* a sub */
        REVOKED_CLIENT,  /* a client_id */
        REVOKED_ALL,     /* every token of this host */
        REVOKED_KINDS,
};

struct page_revocation {
        uint32_t kind; /* enum revocation_kind */
        uint32_t unused;
        uint8_t value[REVOCATION_VALUE_LEN]; /* revocation_digest() of the claim */
        int64_t before;                      /* tokens with an iat below this are revoked */
        int64_t drop_at;                     /* when the last of them has expired */
};

struct status_table {
        uint32_t uid_count;
        uint32_t revocation_count;
        uint32_t is_full; /* 1: there are more revocations than the table holds, so that nobody can
                           * say from it that a token is good */
        uint32_t unused;
        uint32_t uids[STATUS_UIDS_MAX];                             /* linked, ascending */
        struct page_revocation revocations[STATUS_REVOCATIONS_MAX]; /* ascending by kind, value */
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

/* Whether `fd`, which page_open() gave, is no longer the page of that name: it is deleted, or there
 * is another one now. Where the name cannot be looked up (in a chroot) what was opened counts. */
bool page_is_replaced(const char *dir, enum page page, int fd);

/* Copies what is published, with pread(2): for one question. 0; -EAGAIN: nothing is published yet;
 * -EBADMSG: not a page of this layout, or its fields contradict each other; -EBUSY: the writer
 * overtook us again and again; other -errno. */
int keys_page_read(int fd, struct keys_table *ret);

/* Whether a user is linked to that uid. Errors as above: then *ret stays untouched. */
int status_page_has_uid(int fd, uint32_t uid, bool *ret);

/* Whether the revocations are ascending by kind and value and of kinds we know. */
bool page_revocations_are_good(const struct page_revocation *revocations, size_t count);

/* < 0, 0, > 0 as the pair of kind and value comes before, is, or comes after the other. */
int page_revocation_compare(const struct page_revocation *a, const struct page_revocation *b);

/* A copy of the published revocations; *ret_revocations is to be freed. *ret_current is `current`
 * as it was before they were read. Errors as above, or -ENOMEM. */
int status_page_read_revocations(int fd, struct page_revocation **ret_revocations,
                                 uint32_t *ret_count, bool *ret_is_full, uint32_t *ret_current);

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

/* The table that is the current one, for the writer; empty before the first. */
const struct status_table *status_page_published(struct status_page *page);

#endif
