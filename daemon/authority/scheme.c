/* The schemes: those of libxcrypt (crypt(5)), Argon2 and PBKDF2. What a scheme computes is not
 * known here. */
#include "scheme.h"

#include "../../common/cleanup.h"
#include "../privsep/kdf.h"
#include "setting.h"

const char scheme_digits[65] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Ceilings, measured with libxcrypt 4.4.33 on one core of an AMD EPYC with a password of ten bytes:
 * yescrypt at 64 MiB 60 ms (its first two flavours 165 ms), scrypt at 64 MiB 170 ms, bcrypt at 13
 * 340 ms; 700,000 rounds, a little more than passlib's defaults, of sha512crypt 130 ms, sha256crypt
 * 180 ms, sha1crypt 320 ms; four million of bsdicrypt 380 ms; 300,000 of Sun's md5 380 ms. The
 * three SHA schemes read the password in every round: 511 bytes take them up to ten times as long.
 */
#define BCRYPT_COST_MAX 13
#define SHA_ROUNDS_MAX  700000
#define BSDI_ROUNDS_MAX 4000000
#define SUN_ROUNDS_MAX  300000

/* The value of one base 64 digit, or -1. */
static int digit_value(char digit) {
        const char *at = digit ? strchr(scheme_digits, digit) : NULL;

        return at ? (int)(at - scheme_digits) : -1;
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

/* ",rounds=5000$salt$" on top of 4096, or "$salt" in no words. */
static int sun_cost(struct text options) {
        const struct text word = TEXT(",rounds=");

        if (options.len > 0 && options.p[0] == '$')
                return 0;
        if (options.len < word.len || !text_is((struct text){options.p, word.len}, word))
                return -EINVAL;
        options.p += word.len;
        options.len -= word.len;
        return decimal_cost(options, SUN_ROUNDS_MAX);
}

static int argon2_cost(struct text options) {
        struct argon2_setting setting;

        return argon2_read(options, &setting);
}

static int pbkdf2_cost(struct text options) {
        struct pbkdf2_setting setting;

        return pbkdf2_read(options, &setting);
}

int scheme_yescrypt_blocks(struct text options, uint64_t *ret) {
        uint64_t n_log2, r;
        int error;

        error = yescrypt_read(options, &n_log2, &r);
        if (error)
                return error;
        if (n_log2 > 32)
                return -ERANGE;
        *ret = r << n_log2;
        return 0;
}

#define PREFIX(literal) \
        { (literal), sizeof(literal) - 1 }

/* A prefix that is the beginning of another comes after it, and "" is the last. */
static const struct scheme schemes[] = {
        /* name, prefix, setting, digest, "$" between, plus, cost */
        {"yescrypt", PREFIX("$y$"), 0, 43, true, '\0', yescrypt_cost},
        {"gost-yescrypt", PREFIX("$gy$"), 0, 43, true, '\0', yescrypt_cost},
        {"scrypt", PREFIX("$7$"), 0, 43, true, '\0', scrypt_cost},
        {"bcrypt", PREFIX("$2b$"), 29, 31, false, '\0', bcrypt_cost},
        {"bcrypt", PREFIX("$2a$"), 29, 31, false, '\0', bcrypt_cost},
        {"bcrypt", PREFIX("$2y$"), 29, 31, false, '\0', bcrypt_cost},
        {"argon2id", PREFIX(KDF_ARGON2ID), 0, 0, true, '+', argon2_cost},
        {"argon2i", PREFIX(KDF_ARGON2I), 0, 0, true, '+', argon2_cost},
        {"pbkdf2-sha256", PREFIX(KDF_PBKDF2_SHA256), 0, 43, true, '.', pbkdf2_cost},
        {"pbkdf2-sha512", PREFIX(KDF_PBKDF2_SHA512), 0, 86, true, '.', pbkdf2_cost},
        {"sha512crypt", PREFIX("$6$"), 0, 86, true, '\0', sha_cost},
        {"sha256crypt", PREFIX("$5$"), 0, 43, true, '\0', sha_cost},
        {"sha1crypt", PREFIX("$sha1$"), 0, 28, true, '\0', sha1_cost},
        {"sunmd5", PREFIX("$md5"), 0, 22, true, '\0', sun_cost},
        {"md5crypt", PREFIX("$1$"), 0, 22, true, '\0', no_cost},
        {"nt", PREFIX("$3$"), 3, 32, true, '\0', no_cost},
        {"bsdicrypt", PREFIX("_"), 9, 11, false, '\0', bsdi_cost},
        {"descrypt", PREFIX(""), 2, 11, false, '\0', no_cost},
};

const struct scheme *scheme_find(struct text hash) {
        const struct scheme *scheme = schemes;

        while (scheme->prefix.len > 0 &&
               (hash.len < scheme->prefix.len ||
                !text_is((struct text){hash.p, scheme->prefix.len}, scheme->prefix)))
                scheme++;
        return scheme;
}

bool scheme_is_base64(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (digit_value(text.p[i]) < 0)
                        return false;
        return true;
}
