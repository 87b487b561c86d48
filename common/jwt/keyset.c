/* From a page's table to keys one can verify with, each with the headers its tokens have. */
#include "keyset.h"

#include "base64url.h"
#include "signature.h"

#include "../cleanup.h"

#include <errno.h>
#include <openssl/sha.h>

static const char *const types[TOKEN_KIND_COUNT] = {
        [TOKEN_KIND_ACCESS] = "at+jwt",
        [TOKEN_KIND_PLAIN] = "JWT",
        [TOKEN_KIND_TICKET] = "jeton-login+jwt",
};

void token_header(enum key_algorithm algorithm, enum token_kind kind, const char *kid,
                  char ret[HEADER_MAX]) {
        char json[HEADER_MAX / 4 * 3];
        int len = snprintf(json, sizeof json, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%.*s\"}",
                           algorithm_name(algorithm), types[kind], KID_LEN, kid);

        base64url_encode(json, (size_t)len, ret);
}

/* A kid goes into a header's JSON as it is, so it must be what the signer makes: a digest. */
static bool kid_is_good(const struct page_key *from) {
        uint8_t digest[SHA256_DIGEST_LENGTH];
        size_t len;

        return base64url_decode((struct text){from->kid, KID_LEN}, digest, sizeof digest, &len) ==
                       0 &&
               from->kid[KID_LEN] == '\0';
}

static bool state_is_good(uint32_t state) {
        return state == KEY_PREPARED || state == KEY_ACTIVE || state == KEY_RETIRED;
}

/* A key without one is known by its header alone. */
static int public_half_load(const struct page_key *from, struct trusted_key *ret) {
        if (from->algorithm == KEY_HS256)
                return from->public_len == 0 ? 0 : -EBADMSG;
        return public_key_decode(from->algorithm, from->public_key, from->public_len,
                                 &ret->public_key);
}

static int trusted_key_load(const struct page_key *from, struct trusted_key *ret) {
        enum token_kind kind;
        int r;

        if (!kid_is_good(from) || !state_is_good(from->state) ||
            from->public_len > sizeof from->public_key)
                return -EBADMSG;
        r = public_half_load(from, ret);
        if (r < 0)
                return r;
        memcpy(ret->kid, from->kid, sizeof ret->kid);
        ret->algorithm = from->algorithm;
        ret->state = from->state;
        for (kind = 0; kind < TOKEN_KIND_COUNT; kind++)
                token_header(ret->algorithm, kind, ret->kid, ret->headers[kind]);
        return 0;
}

/* From the table that is in it. */
static int keys_load(struct keyset *keyset) {
        const struct keys_table *table = &keyset->table;
        int r;

        if (table->count > PAGE_KEYS_MAX || !memchr(table->issuer, '\0', sizeof table->issuer))
                return -EBADMSG;
        for (; keyset->count < table->count; keyset->count++) {
                r = trusted_key_load(&table->keys[keyset->count], &keyset->keys[keyset->count]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int keyset_load(const struct keys_table *table, struct keyset **ret) {
        _cleanup_(keyset_freep) struct keyset *keyset = calloc(1, sizeof *keyset);
        int r;

        if (!keyset)
                return -ENOMEM;
        keyset->table = *table;
        r = keys_load(keyset);
        if (r == 0)
                *ret = take(keyset);
        return r;
}

/* `current` is what the page was before it is read: when it changes in between, the next refresh
 * reads once more. */
static int keyset_read(int page_fd, uint32_t current, struct keyset **ret) {
        _cleanup_(keyset_freep) struct keyset *keyset = calloc(1, sizeof *keyset);
        int r;

        if (!keyset)
                return -ENOMEM;
        keyset->current = current;
        r = keys_page_read(page_fd, &keyset->table);
        if (r == 0)
                r = keys_load(keyset);
        if (r == 0)
                r = verified_new(&keyset->verified);
        if (r == 0)
                *ret = take(keyset);
        return r;
}

int keyset_refresh(struct keyset **keyset, int page_fd) {
        struct keyset *fresh = NULL;
        uint32_t current;
        int r;

        r = page_current(page_fd, PAGE_KEYS, &current);
        if (r < 0 || (*keyset && (*keyset)->current == current))
                return r;
        r = keyset_read(page_fd, current, &fresh);
        if (r < 0)
                return r;
        keyset_free(*keyset);
        *keyset = fresh;
        return 0;
}

void keyset_free(struct keyset *keyset) {
        size_t i;

        if (!keyset)
                return;
        for (i = 0; i < keyset->count; i++)
                EVP_PKEY_free(keyset->keys[i].public_key);
        verified_free(keyset->verified);
        free(keyset);
}
