/* Django's spellings of hashes: the same functions as everywhere, with names of its own. Its
 * PBKDF2 takes the salt as text; passlib writes the bytes of a salt in base 64, with "." for "+"
 * and no padding, and the digest likewise. */
#include "hash.h"

#include "../../../common/cleanup.h"

#include <errno.h>
#include <stdio.h>

/* The part up to the next "$". 0 or -EINVAL. */
static int part_cut(struct text *rest, struct text *ret) {
        const char *end = rest->len > 0 ? memchr(rest->p, '$', rest->len) : NULL;

        if (!end)
                return -EINVAL;
        *ret = (struct text){rest->p, (size_t)(end - rest->p)};
        rest->len -= ret->len + 1;
        rest->p = end + 1;
        return 0;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./";

/* Three bytes, or what is left of them, in as many digits as they take. */
static size_t group_write(const unsigned char *bytes, size_t count, char *ret) {
        unsigned group = (unsigned)bytes[0] << 16 | (count > 1 ? (unsigned)bytes[1] << 8 : 0) |
                         (count > 2 ? bytes[2] : 0);
        size_t i;

        for (i = 0; i <= count; i++)
                ret[i] = base64[group >> (18 - 6 * i) & 63];
        return count + 1;
}

#define SALT_MAX 64

static int salt_write(struct text salt, char ret[SALT_MAX * 2]) {
        size_t i, len = 0;

        if (salt.len == 0 || salt.len > SALT_MAX)
                return -EINVAL;
        for (i = 0; i < salt.len; i += 3)
                len += group_write((const unsigned char *)salt.p + i,
                                   salt.len - i < 3 ? salt.len - i : 3, ret + len);
        ret[len] = '\0';
        return 0;
}

static void digest_respell(char *digest) {
        digest[strcspn(digest, "=")] = '\0';
        for (; *digest; digest++)
                if (*digest == '+')
                        *digest = '.';
}

/* "ROUNDS$salt$digest" */
static int pbkdf2_respell(struct text rest, char ret[HASH_SPELLING_MAX]) {
        struct text rounds, salt;
        char salt_text[SALT_MAX * 2];
        int len;

        if (part_cut(&rest, &rounds) < 0 || part_cut(&rest, &salt) < 0 ||
            salt_write(salt, salt_text) < 0)
                return -EINVAL;
        len = snprintf(ret, HASH_SPELLING_MAX, "$pbkdf2-sha256$%.*s$%s$", TEXT_ARGS(rounds),
                       salt_text);
        if (len >= HASH_SPELLING_MAX ||
            text_copy(rest, ret + len, HASH_SPELLING_MAX - (size_t)len) < 0)
                return -EINVAL;
        digest_respell(ret + len);
        return 0;
}

/* "argon2" before "$argon2id$...", whose "$" stands here no more; "bcrypt$" before "$2b$...". */
static int argon2_respell(struct text rest, char ret[HASH_SPELLING_MAX]) {
        ret[0] = '$';
        return text_copy(rest, ret + 1, HASH_SPELLING_MAX - 1) < 0 ? -EINVAL : 0;
}

static int plain_respell(struct text rest, char ret[HASH_SPELLING_MAX]) {
        return text_copy(rest, ret, HASH_SPELLING_MAX) < 0 ? -EINVAL : 0;
}

static const struct {
        const char *prefix;
        int (*respell)(struct text rest, char ret[HASH_SPELLING_MAX]);
} spellings[] = {
        {"pbkdf2_sha256$", pbkdf2_respell},
        {"argon2$", argon2_respell},
        {"bcrypt$", plain_respell},
};

int hash_respell(struct text hash, char ret[HASH_SPELLING_MAX]) {
        size_t i;

        for (i = 0; i < ELEMENTS(spellings); i++) {
                struct text prefix = text_of(spellings[i].prefix);

                if (!text_begins(hash, prefix))
                        continue;
                hash.p += prefix.len;
                hash.len -= prefix.len;
                return spellings[i].respell(hash, ret);
        }
        return plain_respell(hash, ret);
}
