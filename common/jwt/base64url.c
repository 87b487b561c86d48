/* base64url without padding. Knows nothing of tokens. */
#include "base64url.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0 to 63, or -1 for a byte that is none of the alphabet's. */
static int value_of(char byte) {
        if (byte >= 'A' && byte <= 'Z')
                return byte - 'A';
        if (byte >= 'a' && byte <= 'z')
                return byte - 'a' + 26;
        if (byte >= '0' && byte <= '9')
                return byte - '0' + 52;
        if (byte == '-')
                return 62;
        return byte == '_' ? 63 : -1;
}

void base64url_encode(const void *bytes, size_t len, char *ret) {
        const uint8_t *from = bytes;
        uint32_t bits = 0;
        unsigned held = 0;
        size_t i;

        for (i = 0; i < len; i++) {
                bits = bits << 8 | from[i];
                for (held += 8; held >= 6; held -= 6)
                        *ret++ = alphabet[bits >> (held - 6) & 63];
        }
        if (held > 0)
                *ret++ = alphabet[bits << (6 - held) & 63];
        *ret = '\0';
}

/* RFC 4648 3.5: the bits of the last character that no byte is made of must be zero, otherwise one
 * value would have several spellings. */
static bool is_canonical(struct text text) {
        static const int stray_bits[4] = {0, 0, 0x0f, 0x03};
        size_t i;

        if (text.len % 4 == 1)
                return false;
        for (i = 0; i < text.len; i++)
                if (value_of(text.p[i]) < 0)
                        return false;
        return text.len == 0 || (value_of(text.p[text.len - 1]) & stray_bits[text.len % 4]) == 0;
}

int base64url_decode(struct text text, void *ret, size_t size, size_t *ret_len) {
        uint8_t *at = ret;
        uint32_t bits = 0;
        unsigned held = 0;
        size_t i;

        if (!is_canonical(text))
                return -EINVAL;
        if (text.len / 4 * 3 + text.len % 4 * 3 / 4 > size)
                return -ENOSPC;
        for (i = 0; i < text.len; i++) {
                bits = bits << 6 | (uint32_t)value_of(text.p[i]);
                held += 6;
                if (held >= 8) {
                        held -= 8;
                        *at++ = (uint8_t)(bits >> held);
                }
        }
        *ret_len = (size_t)(at - (uint8_t *)ret);
        return 0;
}
