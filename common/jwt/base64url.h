/* base64url without padding (RFC 4648 5, RFC 7515 2). One spelling per value: foreign bytes,
 * padding and stray last bits are refused. */
#ifndef JETON_JWT_BASE64URL_H
#define JETON_JWT_BASE64URL_H

#include "../text.h"

#include <stdint.h>

#define BASE64URL_LEN(bytes) (((bytes)*4 + 2) / 3)

/* Writes BASE64URL_LEN(len) characters and a NUL. */
void base64url_encode(const void *bytes, size_t len, char *ret);

/* 0; -EINVAL for anything but the canonical spelling; -ENOSPC when it is more than `size` bytes. */
int base64url_decode(struct text text, void *ret, size_t size, size_t *ret_len);

#endif
