/* Settings and digests within hashes: where one ends and the other begins, by the rows of scheme.c.
 *
 * The settings that are handed out end before the digest, as crypt(3) takes them: with "$" schemes
 * before the last "$", otherwise after a fixed number of bytes. Argon2 and PBKDF2 have the digest's
 * length in its place (daemon/privsep/kdf.h). */
#include "setting.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"
#include "../privsep/kdf.h"
#include "scheme.h"

#include <stdint.h>
#include <stdio.h>

/* What setting_new() makes: N = 2^12 and r = 32, which is 16 MiB. */
#define YESCRYPT_NEW        "$y$j9T$"
#define YESCRYPT_NEW_BLOCKS (UINT64_C(1) << 12 << 5)
#define YESCRYPT_SALT       22 /* digits that 128 bits take; the last one holds two of them */

struct parts {
        const struct scheme *scheme;
        struct text setting, digest; /* lent by the hash */
};

/* crypt(5): printable ASCII without blanks and without what passwd(5) and shadow(5) give a meaning.
 */
static bool is_crypt_text(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (text.p[i] < 0x21 || text.p[i] > 0x7e || strchr(":;*!\\", text.p[i]))
                        return false;
        return true;
}

/* Bytes of a digest in RFC 4648's base 64; 0: it is none. */
static size_t kdf_digest_len(const struct scheme *scheme, struct text digest) {
        unsigned char bytes[KDF_DIGEST_MAX];
        size_t len;

        if (kdf_decode(digest, scheme->plus, bytes, sizeof bytes, &len) < 0)
                return 0;
        explicit_bzero(bytes, sizeof bytes);
        return len;
}

static bool is_digest(const struct scheme *scheme, struct text digest) {
        return scheme->plus ? kdf_digest_len(scheme, digest) > 0 : scheme_is_base64(digest);
}

/* Whether setting and digest are what the scheme's hashes are made of. */
static bool parts_fit(const struct parts *parts) {
        const struct scheme *scheme = parts->scheme;

        if (scheme->setting_len ? parts->setting.len != scheme->setting_len
                                : parts->setting.len >= SETTING_MAX)
                return false;
        if (scheme->prefix.len == 0 && !scheme_is_base64(parts->setting))
                return false;
        return is_crypt_text(parts->setting) && is_digest(scheme, parts->digest);
}

/* How long the digest is; 0: there is none. */
static size_t digest_find(const struct scheme *scheme, struct text hash) {
        const char *last;

        if (scheme->digest_len > 0)
                return scheme->digest_len;
        last = memrchr(hash.p, '$', hash.len);
        return last ? (size_t)(hash.p + hash.len - last - 1) : 0;
}

static int hash_cut(struct text hash, struct parts *ret) {
        const struct scheme *scheme = scheme_find(hash);
        size_t len = digest_find(scheme, hash), tail = len + (scheme->has_separator ? 1 : 0);
        struct parts parts = {.scheme = scheme};

        if (len == 0 || hash.len >= HASH_MAX || hash.len < scheme->prefix.len + tail)
                return -EINVAL;
        parts.setting = (struct text){hash.p, hash.len - tail};
        parts.digest = (struct text){hash.p + hash.len - len, len};
        if (scheme->has_separator && hash.p[parts.setting.len] != '$')
                return -EINVAL;
        if (!parts_fit(&parts))
                return -EINVAL;
        *ret = parts;
        return 0;
}

/* As workers are given it. 0 or -EINVAL. */
static int setting_write(const struct parts *parts, char ret[SETTING_MAX]) {
        int n;

        if (!parts->scheme->plus)
                return text_copy(parts->setting, ret, SETTING_MAX);
        n = snprintf(ret, SETTING_MAX, "%.*s$%zu", TEXT_ARGS(parts->setting),
                     kdf_digest_len(parts->scheme, parts->digest));
        return n < SETTING_MAX ? 0 : -EINVAL;
}

int setting_of_hash(struct text hash, char ret[SETTING_MAX], struct text *ret_digest) {
        char setting[SETTING_MAX];
        struct parts parts;
        int r;

        r = hash_cut(hash, &parts);
        if (r == 0)
                r = setting_write(&parts, setting);
        if (r == 0)
                r = parts.scheme->check_cost(text_of(setting + parts.scheme->prefix.len));
        if (r)
                return r;
        memcpy(ret, setting, sizeof setting);
        *ret_digest = parts.digest;
        return 0;
}

const char *setting_scheme_name(struct text hash) {
        struct parts parts;

        /* Whatever begins as no other would be called descrypt. */
        if (scheme_find(hash)->prefix.len == 0 && hash_cut(hash, &parts))
                return "unknown";
        return scheme_find(hash)->name;
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
        uint64_t blocks;

        if (hash_cut(hash, &parts))
                return true;
        if (!text_is((struct text){hash.p, new_flavour.len}, new_flavour))
                return true;
        parts.setting.p += parts.scheme->prefix.len;
        parts.setting.len -= parts.scheme->prefix.len;
        return scheme_yescrypt_blocks(parts.setting, &blocks) || blocks < YESCRYPT_NEW_BLOCKS;
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
                *at++ = scheme_digits[salt[i] & 63];
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
