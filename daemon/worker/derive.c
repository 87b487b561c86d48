/* Argon2 and PBKDF2, one row for each scheme. Knows no cost: the settings' reader has the ceilings.
 */
#include "derive.h"

#include "../../common/cleanup.h"
#include "../privsep/kdf.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>

struct digest {
        uint8_t bytes[KDF_DIGEST_MAX];
        size_t len;
};

/* libargon2 writes to none of its inputs unless it is told to wipe them. */
static uint8_t *bytes_of(struct text text) {
        return (uint8_t *)(uintptr_t)text.p;
}

/* As many lanes as the setting says, one after the other: the result is the same, and this process
 * may not start a thread. */
static int argon2(argon2_type type, struct text password, struct text options, struct digest *ret) {
        struct argon2_setting setting;
        argon2_context context;
        int r;

        r = argon2_read(options, &setting);
        if (r < 0)
                return r;
        context = (argon2_context){
                .out = ret->bytes,
                .outlen = (uint32_t)setting.digest_len,
                .pwd = bytes_of(password),
                .pwdlen = (uint32_t)password.len,
                .salt = setting.salt.bytes,
                .saltlen = (uint32_t)setting.salt.len,
                .t_cost = setting.passes,
                .m_cost = setting.memory_kib,
                .lanes = setting.lanes,
                .threads = 1,
                .version = ARGON2_VERSION_13,
        };
        ret->len = setting.digest_len;
        r = argon2_ctx(&context, type);
        if (r == ARGON2_OK)
                return 0;
        return r == ARGON2_MEMORY_ALLOCATION_ERROR ? -ENOMEM : -EINVAL;
}

static int argon2id(struct text password, struct text options, struct digest *ret) {
        return argon2(Argon2_id, password, options, ret);
}

static int argon2i(struct text password, struct text options, struct digest *ret) {
        return argon2(Argon2_i, password, options, ret);
}

static int pbkdf2(const EVP_MD *md, struct text password, struct text options, struct digest *ret) {
        struct pbkdf2_setting setting;
        int r;

        r = pbkdf2_read(options, &setting);
        if (r < 0)
                return r;
        ret->len = setting.digest_len;
        return PKCS5_PBKDF2_HMAC(password.p, (int)password.len, setting.salt.bytes,
                                 (int)setting.salt.len, (int)setting.rounds, md, (int)ret->len,
                                 ret->bytes) == 1
                       ? 0
                       : -ENOMEM;
}

static int pbkdf2_sha256(struct text password, struct text options, struct digest *ret) {
        return pbkdf2(EVP_sha256(), password, options, ret);
}

static int pbkdf2_sha512(struct text password, struct text options, struct digest *ret) {
        return pbkdf2(EVP_sha512(), password, options, ret);
}

#define PREFIX(literal) \
        { (literal), sizeof(literal) - 1 }

static const struct derivation {
        struct text prefix;
        char plus;
        int (*compute)(struct text password, struct text options, struct digest *ret);
        struct text warm_up; /* a setting of no cost */
} derivations[] = {
        {PREFIX(KDF_ARGON2ID), '+', argon2id,
         PREFIX(KDF_ARGON2ID "v=19$m=8,t=1,p=1$c2FsdHNhbHQ$32")},
        {PREFIX(KDF_ARGON2I), '+', argon2i, PREFIX(KDF_ARGON2I "v=19$m=8,t=1,p=1$c2FsdHNhbHQ$32")},
        {PREFIX(KDF_PBKDF2_SHA256), '.', pbkdf2_sha256, PREFIX(KDF_PBKDF2_SHA256 "1$c2FsdA$32")},
        {PREFIX(KDF_PBKDF2_SHA512), '.', pbkdf2_sha512, PREFIX(KDF_PBKDF2_SHA512 "1$c2FsdA$64")},
};

static const struct derivation *derivation_find(struct text setting) {
        size_t i;

        for (i = 0; i < ELEMENTS(derivations); i++) {
                const struct text prefix = derivations[i].prefix;

                if (setting.len >= prefix.len &&
                    text_is((struct text){setting.p, prefix.len}, prefix))
                        return &derivations[i];
        }
        return NULL;
}

bool derive_knows(struct text setting) {
        return derivation_find(setting) != NULL;
}

/* The setting with the digest where its length stood. */
static int hash_write(const struct derivation *derivation, struct text setting,
                      const struct digest *digest, char *ret, size_t size) {
        const char *last = memrchr(setting.p, '$', setting.len);
        size_t before = (size_t)(last + 1 - setting.p);

        if (before + KDF_TEXT_LEN(digest->len) >= size)
                return -EINVAL;
        memcpy(ret, setting.p, before);
        kdf_encode(digest->bytes, digest->len, derivation->plus, ret + before);
        return 0;
}

int derive(struct text password, struct text setting, char *ret, size_t size) {
        const struct derivation *derivation = derivation_find(setting);
        struct text options = setting;
        struct digest digest;
        int r;

        if (!derivation)
                return -EINVAL;
        options.p += derivation->prefix.len;
        options.len -= derivation->prefix.len;
        r = derivation->compute(password, options, &digest);
        if (r == 0)
                r = hash_write(derivation, setting, &digest, ret, size);
        explicit_bzero(&digest, sizeof digest);
        return r == -ERANGE ? -EINVAL : r;
}

int derive_prepare(void) {
        char hash[KDF_TEXT_LEN(KDF_DIGEST_MAX) + 64];
        size_t i;
        int r = 0;

        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return -ENOMEM;
        for (i = 0; r == 0 && i < ELEMENTS(derivations); i++)
                r = derive(TEXT("warm-up"), derivations[i].warm_up, hash, sizeof hash);
        return r;
}
