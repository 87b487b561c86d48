/* The schemes of password hashes that verify, one row each: what their texts are made of and what a
 * setting would cost a worker. */
#ifndef JETON_AUTHORITY_SCHEME_H
#define JETON_AUTHORITY_SCHEME_H

#include "../../common/text.h"

#include <stdbool.h>
#include <stdint.h>

struct scheme {
        const char *name;
        struct text prefix;
        size_t setting_len;                     /* 0: varies */
        size_t digest_len;                      /* 0: varies, and ends at the hash's last "$" */
        bool has_separator;                     /* a "$" between setting and digest */
        char plus;                              /* of daemon/privsep/kdf.h; '\0' with crypt(3) */
        int (*check_cost)(struct text options); /* of what follows the prefix in a setting */
};

/* The digits of crypt's base 64, which is not that of RFC 4648. */
extern const char scheme_digits[65];

/* The row of that hash by its prefix alone: whether it is one of the scheme is not looked at. What
 * begins as no other is descrypt, which has no prefix. Never NULL. */
const struct scheme *scheme_find(struct text hash);

/* Whether the text is made of the digits that crypt(3) writes. */
bool scheme_is_base64(struct text text);

/* The memory that a yescrypt setting takes, in blocks of 128 bytes, from what follows its prefix.
 * 0; -EINVAL; -ERANGE: in a spelling that crypt_gensalt(3) has no need of. */
int scheme_yescrypt_blocks(struct text options, uint64_t *ret);

#endif
