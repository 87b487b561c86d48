/* The password hashes that crypt(3) does not know: Argon2 in the PHC string format and PBKDF2 in
 * that of passlib. Here are the texts and their ceilings, which the authority checks before a
 * worker is asked and the worker before it computes; what computes is in daemon/worker/.
 *
 * In the settings of these schemes the length of the digest, in bytes, stands in the digest's
 * place, because the digest depends on it:
 *
 *         $argon2id$v=19$m=65536,t=3,p=4$SALT$32
 *         $pbkdf2-sha256$29000$SALT$32 */
#ifndef JETON_PRIVSEP_KDF_H
#define JETON_PRIVSEP_KDF_H

#include "../../common/text.h"

#include <stdint.h>

#define KDF_ARGON2ID      "$argon2id$"
#define KDF_ARGON2I       "$argon2i$"
#define KDF_PBKDF2_SHA256 "$pbkdf2-sha256$"
#define KDF_PBKDF2_SHA512 "$pbkdf2-sha512$"

#define KDF_SALT_MAX   64 /* bytes */
#define KDF_DIGEST_MIN 16
#define KDF_DIGEST_MAX 64

/* Ceilings, measured with libargon2 20171227 and OpenSSL 3.0 on one core of an AMD EPYC: 128 MiB in
 * three passes 290 ms, 700,000 rounds of PBKDF2 with SHA-512 290 ms, with SHA-256 140 ms (300 ms
 * without the processor's help). Beyond what argon2-cffi, passlib, pwdlib and PHP make unless told
 * otherwise. */
#define ARGON2_MEMORY_MAX (128 * 1024)                      /* KiB */
#define ARGON2_WORK_MAX   (UINT64_C(3) * ARGON2_MEMORY_MAX) /* KiB, once for each pass */
#define PBKDF2_ROUNDS_MAX 700000

struct kdf_salt {
        uint8_t bytes[KDF_SALT_MAX];
        size_t len;
};

struct argon2_setting {
        uint32_t memory_kib, passes, lanes;
        struct kdf_salt salt;
        size_t digest_len;
};

struct pbkdf2_setting {
        uint32_t rounds;
        struct kdf_salt salt;
        size_t digest_len;
};

/* Read what follows the prefix in a setting, in the one spelling that there is: no parameter more,
 * less, twice or in another order. 0; -EINVAL: it is none; -ERANGE: its cost is over a ceiling. */
int argon2_read(struct text options, struct argon2_setting *ret);
int pbkdf2_read(struct text options, struct pbkdf2_setting *ret);

/* Base 64 without padding, whose 63rd digit is `plus`: '+' with Argon2, '.' with passlib. */
#define KDF_TEXT_LEN(bytes) (((bytes)*4 + 2) / 3)

/* Writes KDF_TEXT_LEN(len) characters and a NUL. */
void kdf_encode(const void *bytes, size_t len, char plus, char *ret);

/* 0; -EINVAL: not the canonical spelling, or more than `size` bytes, or more than KDF_DIGEST_MAX.
 */
int kdf_decode(struct text text, char plus, void *ret, size_t size, size_t *ret_len);

#endif
