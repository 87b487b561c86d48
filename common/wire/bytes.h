/* Which bytes are what, in the grammars of the wire: plain ASCII, whatever the locale says. */
#ifndef JETON_WIRE_BYTES_H
#define JETON_WIRE_BYTES_H

#include "../text.h"

/* The value of a hexadecimal digit, or -1. */
static inline int hex_value(char byte) {
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        if (byte >= 'a' && byte <= 'f')
                return byte - 'a' + 10;
        if (byte >= 'A' && byte <= 'F')
                return byte - 'A' + 10;
        return -1;
}

static inline bool is_letter_or_digit(char byte) {
        return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
               (byte >= '0' && byte <= '9');
}

/* RFC 3986 2.3: these have one spelling only. */
static inline bool is_unreserved(char byte) {
        return is_letter_or_digit(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/* C0 and DEL. */
static inline bool is_control(char byte) {
        return (unsigned char)byte < 0x20 || byte == 0x7f;
}

/* Cuts off what stands before the first `separator`, or everything when there is none. */
static inline struct text cut_at(struct text *rest, char separator) {
        const char *found = rest->len > 0 ? memchr(rest->p, separator, rest->len) : NULL;
        struct text first = *rest;

        if (!found) {
                *rest = TEXT_NONE;
                return first;
        }
        first.len = (size_t)(found - rest->p);
        rest->p += first.len + 1;
        rest->len -= first.len + 1;
        return first;
}

#endif
