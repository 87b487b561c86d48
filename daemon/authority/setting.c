/* The crypt(3) schemes of libxcrypt (crypt(5)) as one table: where a hash's setting ends, how long
 * its digest is, and what the setting would cost a worker. What a scheme computes is not known
 * here.
 *
 * The settings that are handed out end before the digest, as crypt(3) takes them: with "$" schemes
 * before the last "$", otherwise after a fixed number of bytes. */
#include "setting.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <stdint.h>
#include <stdio.h>

/* The digits of crypt's base 64, which is not that of RFC 4648. */
static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Ceilings, measured with libxcrypt 4.4.33 on one core of an AMD EPYC with a password of ten bytes:
 * yescrypt at 64 MiB 60 ms (its first two flavours 165 ms), scrypt at 64 MiB 170 ms, bcrypt at 13
 * 340 ms; 700,000 rounds, a little more than passlib's defaults, of sha512crypt 130 ms, sha256crypt
 * 180 ms, sha1crypt 320 ms; four million of bsdicrypt 380 ms. The three SHA schemes read the
 * password in every round: 511 bytes take them up to ten times as long. */
#define BCRYPT_COST_MAX 13
#define SHA_ROUNDS_MAX  700000
#define BSDI_ROUNDS_MAX 4000000

/* What setting_new() makes: N = 2^12 and r = 32, which is 16 MiB. */
#define YESCRYPT_NEW        "$y$j9T$"
#define YESCRYPT_NEW_BLOCKS (UINT64_C(1) << 12 << 5)
#define YESCRYPT_SALT       22 /* digits that 128 bits take; the last one holds two of them */

struct scheme {
        struct text prefix;
        size_t setting_len; /* 0: varies */
        size_t digest_len;
        bool has_separator;                     /* a "$" between setting and digest */
        int (*check_cost)(struct text options); /* of what follows the prefix in a setting */
};

/* The value of one base 64 digit, or -1. */
static int digit_value(char digit) {
        const char *at = digit ? strchr(digits, digit) : NULL;

        return at ? (int)(at - digits) : -1;
}

/* A number of a fixed count of digits, the lowest first. 0 or -EINVAL. */
static int number_cut(struct text *text, size_t count, uint64_t *ret) {
        uint64_t value = 0;
        size_t i;

        if (text->len < count)
                return -EINVAL;
        for (i = 0; i < count; i++) {
                int digit = digit_value(text->p[i]);

                if (digit < 0)
                        return -EINVAL;
                value |= (uint64_t)digit << (6 * i);
        }
        text->p += count;
        text->len -= count;
        *ret = value;
        return 0;
}

/* A block is 128 bytes of memory; the product bounds the time as well. */
static int check_blocks(uint64_t n_log2, uint64_t r, uint64_t p) {
        const uint64_t most = SETTING_MEMORY_MAX / 128;

        if (n_log2 == 0 || r == 0 || p == 0)
                return -EINVAL;
        if (n_log2 > 32 || r > most || p > most || (r * p) > (most >> n_log2))
                return -ERANGE;
        return 0;
}

/* "j9T$...": flavour, log2 of N, r. Each is one digit while it is under 48, and further parameters
 * would follow: what crypt_gensalt(3) makes has neither. */
static int yescrypt_read(struct text options, uint64_t *ret_n_log2, uint64_t *ret_r) {
        uint64_t flavour, n_log2, r;

        if (number_cut(&options, 1, &flavour) || number_cut(&options, 1, &n_log2) ||
            number_cut(&options, 1, &r))
                return -EINVAL;
        if (flavour > 47 || n_log2 > 47 || r > 47)
                return -ERANGE;
        if (options.len == 0)
                return -EINVAL;
        if (options.p[0] != '$')
                return -ERANGE;
        *ret_n_log2 = n_log2 + 1;
        *ret_r = r + 1;
        return 0;
}

static int yescrypt_cost(struct text options) {
        uint64_t n_log2, r;
        int error;

        error = yescrypt_read(options, &n_log2, &r);
        if (error)
                return error;
        return check_blocks(n_log2, r, 1);
}

/* "CU..../....": log2 of N in one digit, r and p in five. */
static int scrypt_cost(struct text options) {
        uint64_t n_log2, r, p;

        if (number_cut(&options, 1, &n_log2) || number_cut(&options, 5, &r) ||
            number_cut(&options, 5, &p))
                return -EINVAL;
        return check_blocks(n_log2, r, p);
}

/* A decimal number up to a "$". */
static int decimal_cost(struct text options, unsigned long long most) {
        const char *end = options.len > 0 ? memchr(options.p, '$', options.len) : NULL;
        unsigned long long value;

        if (!end)
                return -EINVAL;
        options.len = (size_t)(end - options.p);
        if (text_number(options, UINT32_MAX, &value))
                return -EINVAL;
        return value > most ? -ERANGE : 0;
}

/* "12$..." */
static int bcrypt_cost(struct text options) {
        if (options.len > 0 && options.p[0] == '0') {
                options.p++;
                options.len--;
        }
        return decimal_cost(options, BCRYPT_COST_MAX);
}

/* "rounds=656000$...", or the default of 5000 in no words. */
static int sha_cost(struct text options) {
        const struct text word = TEXT("rounds=");

        if (options.len < word.len || !text_is((struct text){options.p, word.len}, word))
                return 0;
        options.p += word.len;
        options.len -= word.len;
        return decimal_cost(options, SHA_ROUNDS_MAX);
}

static int sha1_cost(struct text options) {
        return decimal_cost(options, SHA_ROUNDS_MAX);
}

static int bsdi_cost(struct text options) {
        uint64_t rounds;

        if (number_cut(&options, 4, &rounds))
                return -EINVAL;
        return rounds > BSDI_ROUNDS_MAX ? -ERANGE : 0;
}

static int no_cost(struct text options) {
        (void)options;
        return 0;
}

#define YESCRYPT_ROW 0

/* A prefix that is the beginning of another comes after it: "" is descrypt. */
static const struct scheme schemes[] = {
        /* prefix, setting, digest, "$" between, cost */
        [YESCRYPT_ROW] = {{"$y$", 3}, 0, 43, true, yescrypt_cost},
        {{"$gy$", 4}, 0, 43, true, yescrypt_cost},
        {{"$7$", 3}, 0, 43, true, scrypt_cost},
        {{"$2b$", 4}, 29, 31, false, bcrypt_cost},
        {{"$2a$", 4}, 29, 31, false, bcrypt_cost},
        {{"$2y$", 4}, 29, 31, false, bcrypt_cost},
        {{"$6$", 3}, 0, 86, true, sha_cost},
        {{"$5$", 3}, 0, 43, true, sha_cost},
        {{"$sha1$", 6}, 0, 28, true, sha1_cost},
        {{"$1$", 3}, 0, 22, true, no_cost},
        {{"_", 1}, 9, 11, false, bsdi_cost},
        {{"", 0}, 2, 11, false, no_cost},
};

struct parts {
        const struct scheme *scheme;
        struct text setting, options, digest; /* lent by the hash */
};

static const struct scheme *scheme_find(struct text hash) {
        size_t i;

        for (i = 0; i < ELEMENTS(schemes); i++) {
                const struct text prefix = schemes[i].prefix;

                if (hash.len >= prefix.len && text_is((struct text){hash.p, prefix.len}, prefix))
                        return &schemes[i];
        }
        return NULL;
}

/* crypt(5): printable ASCII without blanks and without what passwd(5) and shadow(5) give a meaning.
 */
static bool is_crypt_text(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (text.p[i] < 0x21 || text.p[i] > 0x7e || strchr(":;*!\\", text.p[i]))
                        return false;
        return true;
}

static bool is_base64(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (digit_value(text.p[i]) < 0)
                        return false;
        return true;
}

/* Whether setting and digest are what the scheme's hashes are made of. */
static bool parts_fit(const struct parts *parts) {
        const struct scheme *scheme = parts->scheme;

        if (scheme->setting_len ? parts->setting.len != scheme->setting_len
                                : parts->setting.len >= SETTING_MAX)
                return false;
        if (scheme->prefix.len == 0 && !is_base64(parts->setting))
                return false;
        return is_crypt_text(parts->setting) && is_base64(parts->digest);
}

static int hash_cut(struct text hash, struct parts *ret) {
        const struct scheme *scheme = scheme_find(hash);
        struct parts parts = {.scheme = scheme};
        size_t tail;

        if (!scheme)
                return -EINVAL;
        tail = scheme->digest_len + (scheme->has_separator ? 1 : 0);
        if (hash.len >= HASH_MAX || hash.len < scheme->prefix.len + tail)
                return -EINVAL;
        parts.setting = (struct text){hash.p, hash.len - tail};
        parts.options =
                (struct text){hash.p + scheme->prefix.len, parts.setting.len - scheme->prefix.len};
        parts.digest = (struct text){hash.p + hash.len - scheme->digest_len, scheme->digest_len};
        if (scheme->has_separator && hash.p[parts.setting.len] != '$')
                return -EINVAL;
        if (!parts_fit(&parts))
                return -EINVAL;
        *ret = parts;
        return 0;
}

int setting_of_hash(struct text hash, char ret[SETTING_MAX], struct text *ret_digest) {
        struct parts parts;
        int r;

        r = hash_cut(hash, &parts);
        if (r)
                return r;
        r = parts.scheme->check_cost(parts.options);
        if (r)
                return r;
        r = text_copy(parts.setting, ret, SETTING_MAX);
        if (r)
                return r;
        *ret_digest = parts.digest;
        return 0;
}

bool setting_digest_equal(struct text stored_hash, struct text computed_hash) {
        struct parts stored, computed;

        if (hash_cut(stored_hash, &stored) || hash_cut(computed_hash, &computed))
                return false;
        if (stored.scheme != computed.scheme)
                return false;
        /* Only the digests: crypt(3) gives some salts back shortened, and clears the bits of a
         * bcrypt salt's last digit that it does not use. */
        return secret_equal(stored.digest, computed.digest);
}

bool setting_is_outdated(struct text hash) {
        const struct text new_flavour = {YESCRYPT_NEW, sizeof "$y$j" - 1};
        struct parts parts;
        uint64_t n_log2, r;

        if (hash_cut(hash, &parts) || parts.scheme != &schemes[YESCRYPT_ROW])
                return true;
        if (!text_is((struct text){hash.p, new_flavour.len}, new_flavour))
                return true;
        if (yescrypt_read(parts.options, &n_log2, &r))
                return true;
        return r << n_log2 < YESCRYPT_NEW_BLOCKS;
}

int setting_new(char ret[SETTING_MAX]) {
        unsigned char salt[YESCRYPT_SALT];
        char *at;
        size_t i;
        int r;

        r = secret_random(salt, sizeof salt);
        if (r)
                return r;
        /* Two bits in the last digit make 128: crypt(3) refuses any others there. */
        salt[YESCRYPT_SALT - 1] &= 3;
        at = stpcpy(ret, YESCRYPT_NEW);
        for (i = 0; i < sizeof salt; i++)
                *at++ = digits[salt[i] & 63];
        *at = '\0';
        return 0;
}

int setting_decoy(char ret[SETTING_MAX]) {
        static char decoy[SETTING_MAX];
        int r;

        if (decoy[0] == '\0') {
                r = setting_new(decoy);
                if (r)
                        return r;
        }
        memcpy(ret, decoy, sizeof decoy);
        return 0;
}
