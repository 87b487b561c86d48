/* Looking a token up among the revocations. Knows nothing of who revokes, or why. */
#include "revocations.h"

#include "../cleanup.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stddef.h>
#include <string.h>

void revocations_clear(struct revocations *revocations) {
        free(revocations->entries);
        *revocations = (struct revocations){.entries = NULL};
}

int revocations_refresh(struct revocations *revocations, int fd) {
        struct page_revocation *entries;
        uint32_t current, count;
        bool is_full;
        int r;

        r = page_current(fd, PAGE_STATUS, &current);
        if (r < 0 || current == revocations->current)
                return r;
        r = status_page_read_revocations(fd, &entries, &count, &is_full, &current);
        if (r < 0)
                return r;
        revocations_clear(revocations);
        *revocations = (struct revocations){entries, count, is_full, current};
        return 0;
}

int revocation_digest(struct text claim, uint8_t ret[REVOCATION_VALUE_LEN]) {
        uint8_t digest[SHA256_DIGEST_LENGTH];

        if (EVP_Digest(claim.p, claim.len, digest, NULL, EVP_sha256(), NULL) != 1)
                return -ENOMEM;
        memcpy(ret, digest, REVOCATION_VALUE_LEN);
        return 0;
}

/* Where the first entry is that does not come before `entry`. */
static size_t lower_bound(const struct revocations *revocations,
                          const struct page_revocation *entry) {
        size_t low = 0, high = revocations->count, middle;

        while (low < high) {
                middle = low + (high - low) / 2;
                if (page_revocation_compare(&revocations->entries[middle], entry) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool is_at(const struct revocations *revocations, size_t at,
                  const struct page_revocation *entry) {
        return at < revocations->count &&
               page_revocation_compare(&revocations->entries[at], entry) == 0;
}

static int insert(struct revocations *revocations, size_t at, const struct page_revocation *entry) {
        struct page_revocation *more =
                reallocarray(revocations->entries, revocations->count + 1, sizeof *more);

        if (!more)
                return -ENOMEM;
        memmove(more + at + 1, more + at, (revocations->count - at) * sizeof *more);
        more[at] = *entry;
        revocations->entries = more;
        revocations->count++;
        return 0;
}

static int64_t later(int64_t a, int64_t b) {
        return a > b ? a : b;
}

int revocations_add(struct revocations *revocations, const struct page_revocation *entry) {
        size_t at = lower_bound(revocations, entry);
        struct page_revocation *there;

        if (!is_at(revocations, at, entry))
                return insert(revocations, at, entry);
        there = &revocations->entries[at];
        there->before = later(there->before, entry->before);
        there->drop_at = later(there->drop_at, entry->drop_at);
        return 0;
}

/* ---- the question ---- */

#define NO_CLAIM SIZE_MAX

static const struct {
        enum revocation_kind kind;
        size_t claim; /* in struct claims; NO_CLAIM: all tokens are alike */
} kinds[] = {
        {REVOKED_TOKEN, offsetof(struct claims, jti)},
        {REVOKED_SESSION, offsetof(struct claims, sid)},
        {REVOKED_SUBJECT, offsetof(struct claims, sub)},
        {REVOKED_CLIENT, offsetof(struct claims, client_id)},
        {REVOKED_ALL, NO_CLAIM},
};

/* Most of the time there is no entry of a kind at all, and nothing to hash. */
static bool has_kind(const struct revocations *revocations, enum revocation_kind kind) {
        const struct page_revocation first = {.kind = kind};
        size_t at = lower_bound(revocations, &first);

        return at < revocations->count && revocations->entries[at].kind == (uint32_t)kind;
}

static int kind_before(const struct revocations *revocations, enum revocation_kind kind,
                       struct text claim, int64_t *before) {
        struct page_revocation entry = {.kind = kind};
        size_t at;
        int r;

        r = revocation_digest(claim, entry.value);
        if (r < 0)
                return r;
        at = lower_bound(revocations, &entry);
        if (is_at(revocations, at, &entry))
                *before = later(*before, revocations->entries[at].before);
        return 0;
}

int revocations_before(const struct revocations *revocations, const struct claims *claims,
                       int64_t *ret_before) {
        int64_t before = 0;
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(kinds); i++) {
                const char *claim =
                        kinds[i].claim == NO_CLAIM ? "" : (const char *)claims + kinds[i].claim;

                if (!has_kind(revocations, kinds[i].kind))
                        continue;
                r = kind_before(revocations, kinds[i].kind, text_of(claim), &before);
                if (r < 0)
                        return r;
        }
        *ret_before = before;
        return 0;
}

int revocations_judge(const struct revocations *revocations, const struct claims *claims,
                      bool *ret_revoked) {
        int64_t before;
        int r;

        r = revocations_before(revocations, claims, &before);
        if (r < 0)
                return r;
        if (claims->iat >= before && revocations->is_full)
                return -EOVERFLOW;
        *ret_revoked = claims->iat < before;
        return 0;
}
