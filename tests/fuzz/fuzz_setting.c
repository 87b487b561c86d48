/* Password hashes as a database or an administrator brings them: what is cut off one, and what a
 * worker reads of that. No input is computed with, so none may be dear.
 *
 * links: daemon/authority/setting.c daemon/authority/scheme.c
 * needs: libcrypto */
#include "../../daemon/authority/setting.h"
#include "../../daemon/privsep/kdf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool begins(struct text text, struct text prefix) {
        return text.len >= prefix.len && text_is((struct text){text.p, prefix.len}, prefix);
}

static struct text after(struct text text, struct text prefix) {
        return (struct text){text.p + prefix.len, text.len - prefix.len};
}

/* What has passed one reader is within the ceilings that the other was promised. */
static void check_argon2(struct text options, bool must_read) {
        struct argon2_setting setting;

        if (argon2_read(options, &setting) < 0) {
                if (must_read)
                        abort();
                return;
        }
        if (setting.memory_kib > ARGON2_MEMORY_MAX ||
            (uint64_t)setting.memory_kib * setting.passes > ARGON2_WORK_MAX ||
            setting.salt.len > KDF_SALT_MAX || setting.digest_len < KDF_DIGEST_MIN ||
            setting.digest_len > KDF_DIGEST_MAX)
                abort();
}

static void check_pbkdf2(struct text options, bool must_read) {
        struct pbkdf2_setting setting;

        if (pbkdf2_read(options, &setting) < 0) {
                if (must_read)
                        abort();
                return;
        }
        if (setting.rounds == 0 || setting.rounds > PBKDF2_ROUNDS_MAX ||
            setting.digest_len > KDF_DIGEST_MAX)
                abort();
}

static void check_worker(struct text setting) {
        static const struct {
                struct text prefix;
                void (*check)(struct text options, bool must_read);
        } rows[] = {
                {{KDF_ARGON2ID, sizeof KDF_ARGON2ID - 1}, check_argon2},
                {{KDF_ARGON2I, sizeof KDF_ARGON2I - 1}, check_argon2},
                {{KDF_PBKDF2_SHA256, sizeof KDF_PBKDF2_SHA256 - 1}, check_pbkdf2},
                {{KDF_PBKDF2_SHA512, sizeof KDF_PBKDF2_SHA512 - 1}, check_pbkdf2},
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                if (begins(setting, rows[i].prefix))
                        rows[i].check(after(setting, rows[i].prefix), true);
}

/* The digest is the end of the hash and no part of the setting; and the hash equals itself. */
static void check_hash(struct text hash) {
        char setting[SETTING_MAX];
        struct text digest;

        if (setting_of_hash(hash, setting, &digest) < 0)
                return;
        if (strlen(setting) >= SETTING_MAX || digest.p + digest.len != hash.p + hash.len ||
            digest.len < 11 || !setting_digest_equal(hash, hash))
                abort();
        if (strncmp(setting, hash.p, (size_t)(digest.p - hash.p) - 1) != 0)
                abort();
        check_worker(text_of(setting));
}

/* One spelling for each value. */
static void check_decode(struct text text, char plus) {
        char bytes[KDF_DIGEST_MAX], again[KDF_TEXT_LEN(KDF_DIGEST_MAX) + 1];
        size_t len;

        if (kdf_decode(text, plus, bytes, sizeof bytes, &len) < 0)
                return;
        kdf_encode(bytes, len, plus, again);
        if (!text_is(text, text_of(again)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *bytes = malloc(size + 1);
        struct text input = {bytes, size};

        if (!bytes)
                return 0;
        memcpy(bytes, data, size);
        check_hash(input);
        check_argon2(input, false);
        check_pbkdf2(input, false);
        check_decode(input, '+');
        check_decode(input, '.');
        (void)setting_scheme_name(input);
        (void)setting_is_outdated(input);
        free(bytes);
        return 0;
}
