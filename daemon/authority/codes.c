/* The login codes that are out. */
#include "codes.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_LEN 32

struct entry {
        struct code code;
        uint8_t digest[DIGEST_LEN];
        int64_t ends_ms; /* 0: the entry is free */
        unsigned tries;
};

struct codes {
        struct entry entries[CODES_MAX];
};

int codes_new(struct codes **ret) {
        struct codes *codes = calloc(1, sizeof *codes);

        if (!codes)
                return -ENOMEM;
        *ret = codes;
        return 0;
}

void codes_free(struct codes *codes) {
        if (codes)
                explicit_bzero(codes, sizeof *codes);
        free(codes);
}

static int digest_make(const uint8_t bytes[CODE_BYTES], uint8_t ret[DIGEST_LEN]) {
        return EVP_Digest(bytes, CODE_BYTES, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static void entry_clear(struct entry *entry) {
        explicit_bzero(entry, sizeof *entry);
}

/* What has ended is wiped whenever somebody looks. */
static void sweep(struct codes *codes, int64_t now_ms) {
        size_t i;

        for (i = 0; i < CODES_MAX; i++)
                if (codes->entries[i].ends_ms != 0 && codes->entries[i].ends_ms <= now_ms)
                        entry_clear(&codes->entries[i]);
}

/* NULL: he has none for it. */
static struct entry *find(struct codes *codes, uint64_t user_id, struct text service) {
        size_t i;

        for (i = 0; i < CODES_MAX; i++) {
                struct entry *entry = &codes->entries[i];

                if (entry->ends_ms != 0 && entry->code.user_id == user_id &&
                    text_is(text_of(entry->code.service), service))
                        return entry;
        }
        return NULL;
}

static struct entry *find_free(struct codes *codes) {
        size_t i;

        for (i = 0; i < CODES_MAX; i++)
                if (codes->entries[i].ends_ms == 0)
                        return &codes->entries[i];
        return NULL;
}

/* The one of his that ends first, when he has as many as he may. */
static struct entry *find_surplus(struct codes *codes, uint64_t user_id) {
        struct entry *first = NULL;
        size_t i, count = 0;

        for (i = 0; i < CODES_MAX; i++) {
                struct entry *entry = &codes->entries[i];

                if (entry->ends_ms == 0 || entry->code.user_id != user_id)
                        continue;
                count++;
                if (!first || entry->ends_ms < first->ends_ms)
                        first = entry;
        }
        return count >= CODES_USER_MAX ? first : NULL;
}

static struct entry *find_place(struct codes *codes, const struct code *code) {
        struct entry *entry = find(codes, code->user_id, text_of(code->service));

        if (!entry)
                entry = find_surplus(codes, code->user_id);
        return entry ? entry : find_free(codes);
}

int codes_add(struct codes *codes, const struct code *code, const uint8_t bytes[CODE_BYTES],
              int64_t now_ms, int64_t ends_ms) {
        struct entry fresh = {.code = *code, .ends_ms = ends_ms};
        struct entry *entry;

        if (digest_make(bytes, fresh.digest) < 0)
                return -ENOMEM;
        sweep(codes, now_ms);
        entry = find_place(codes, code);
        if (!entry)
                return -EBUSY;
        *entry = fresh;
        return 0;
}

static bool matches(const struct entry *entry, const uint8_t digest[DIGEST_LEN]) {
        static const struct entry nobodys;
        const struct entry *against = entry ? entry : &nobodys;

        return secret_equal((struct text){(const char *)against->digest, DIGEST_LEN},
                            (struct text){(const char *)digest, DIGEST_LEN}) &&
               entry;
}

static enum code_answer entry_judge(struct entry *entry, bool is_right, struct code *ret) {
        enum code_answer answer = is_right ? CODE_RIGHT : CODE_WRONG;

        *ret = entry->code;
        if (!is_right && ++entry->tries >= CODE_TRIES)
                answer = CODE_SPENT;
        if (answer != CODE_WRONG)
                entry_clear(entry);
        return answer;
}

int codes_try(struct codes *codes, uint64_t user_id, struct text service, struct text typed,
              int64_t now_ms, enum code_answer *ret_answer, struct code *ret) {
        uint8_t bytes[CODE_BYTES], digest[DIGEST_LEN];
        bool has_form = code_read(typed, bytes) == 0, is_right;
        struct entry *entry;
        int r;

        r = digest_make(bytes, digest);
        explicit_bzero(bytes, sizeof bytes);
        if (r < 0)
                return r;
        sweep(codes, now_ms);
        entry = find(codes, user_id, service);
        is_right = matches(entry, digest);
        *ret_answer = has_form && entry ? entry_judge(entry, is_right, ret) : CODE_NONE;
        return 0;
}
