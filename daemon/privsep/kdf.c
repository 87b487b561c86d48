/* The settings of Argon2 and PBKDF2, read strictly. Computes nothing. */
#include "kdf.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"

#define ARGON2_LANES_MAX 64

/* RFC 9106 3.1 asks for eight blocks of 1 KiB in each lane. */
#define ARGON2_LANE_MIN 8
#define ARGON2_SALT_MIN 8 /* libargon2's own */

#define ARGON2_VERSION TEXT("v=19")

/* ---- base 64 ---- */

/* Both alphabets are that of base64url but for the last two digits. */
void kdf_encode(const void *bytes, size_t len, char plus, char *ret) {
        base64url_encode(bytes, len, ret);
        for (; *ret; ret++)
                if (*ret == '-')
                        *ret = plus;
                else if (*ret == '_')
                        *ret = '/';
}

/* The digit of base64url, or one that it does not have. */
static char digit_turn(char digit, char plus) {
        if (digit == plus)
                return '-';
        if (digit == '/')
                return '_';
        return digit == '-' || digit == '_' ? '\0' : digit;
}

int kdf_decode(struct text text, char plus, void *ret, size_t size, size_t *ret_len) {
        char turned[KDF_TEXT_LEN(KDF_DIGEST_MAX)];
        size_t i;

        if (text.len > sizeof turned)
                return -EINVAL;
        for (i = 0; i < text.len; i++)
                turned[i] = digit_turn(text.p[i], plus);
        return base64url_decode((struct text){turned, text.len}, ret, size, ret_len) < 0 ? -EINVAL
                                                                                         : 0;
}

/* ---- the fields ---- */

/* What stands before the first `end`, which is cut off with it. 0 or -EINVAL. */
static int field_cut(struct text *rest, char end, struct text *ret) {
        const char *at = rest->len > 0 ? memchr(rest->p, end, rest->len) : NULL;
        struct text field = {rest->p, at ? (size_t)(at - rest->p) : 0};

        if (!at)
                return -EINVAL;
        rest->p += field.len + 1;
        rest->len -= field.len + 1;
        *ret = field;
        return 0;
}

/* "m=65536": one letter names it. A number of more than 32 bits is too much, not malformed. */
static int number_cut(struct text *rest, const char *name, char end, uint32_t *ret) {
        const struct text word = text_of(name);
        unsigned long long value;
        struct text field;

        if (field_cut(rest, end, &field) < 0 || field.len <= word.len ||
            !text_is((struct text){field.p, word.len}, word))
                return -EINVAL;
        field.p += word.len;
        field.len -= word.len;
        if (text_number(field, UINT64_MAX, &value) < 0 || value == 0)
                return -EINVAL;
        if (value > UINT32_MAX)
                return -ERANGE;
        *ret = (uint32_t)value;
        return 0;
}

/* "SALT$32", the end of a setting. */
static int tail_read(struct text rest, char plus, struct kdf_salt *ret_salt, size_t *ret_len) {
        unsigned long long digest_len;
        struct text field;

        if (field_cut(&rest, '$', &field) < 0 ||
            kdf_decode(field, plus, ret_salt->bytes, sizeof ret_salt->bytes, &ret_salt->len) < 0 ||
            text_number(rest, KDF_DIGEST_MAX, &digest_len) < 0 || digest_len < KDF_DIGEST_MIN)
                return -EINVAL;
        *ret_len = (size_t)digest_len;
        return 0;
}

static int argon2_check(const struct argon2_setting *setting) {
        if (setting->lanes > ARGON2_LANES_MAX || setting->memory_kib > ARGON2_MEMORY_MAX ||
            (uint64_t)setting->memory_kib * setting->passes > ARGON2_WORK_MAX)
                return -ERANGE;
        if (setting->memory_kib < ARGON2_LANE_MIN * setting->lanes ||
            setting->salt.len < ARGON2_SALT_MIN)
                return -EINVAL;
        return 0;
}

int argon2_read(struct text options, struct argon2_setting *ret) {
        struct argon2_setting setting;
        struct text version;
        int r;

        if (field_cut(&options, '$', &version) < 0 || !text_is(version, ARGON2_VERSION))
                return -EINVAL;
        r = number_cut(&options, "m=", ',', &setting.memory_kib);
        if (r == 0)
                r = number_cut(&options, "t=", ',', &setting.passes);
        if (r == 0)
                r = number_cut(&options, "p=", '$', &setting.lanes);
        if (r == 0)
                r = tail_read(options, '+', &setting.salt, &setting.digest_len);
        if (r == 0)
                r = argon2_check(&setting);
        if (r < 0)
                return r;
        *ret = setting;
        return 0;
}

int pbkdf2_read(struct text options, struct pbkdf2_setting *ret) {
        struct pbkdf2_setting setting;
        int r;

        r = number_cut(&options, "", '$', &setting.rounds);
        if (r == 0)
                r = tail_read(options, '.', &setting.salt, &setting.digest_len);
        if (r < 0)
                return r;
        if (setting.rounds > PBKDF2_ROUNDS_MAX)
                return -ERANGE;
        *ret = setting;
        return 0;
}
