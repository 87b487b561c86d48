/* application/x-www-form-urlencoded, decoded where it lies. Knows no parameter by name. */
#include "form.h"

#include "bytes.h"

#include <errno.h>

/* Decodes bytes[from, to) onto itself: what is decoded is never longer than what was read. */
static int decode_in_place(char *bytes, size_t from, size_t to, struct text *ret) {
        size_t at = from, i;
        int high, low;

        for (i = from; i < to; i++) {
                if (bytes[i] != '%') {
                        bytes[at++] = bytes[i] == '+' ? ' ' : bytes[i];
                        continue;
                }
                if (to - i < 3)
                        return -EINVAL;
                high = hex_value(bytes[i + 1]);
                low = hex_value(bytes[i + 2]);
                if (high < 0 || low < 0)
                        return -EINVAL;
                bytes[at++] = (char)(high << 4 | low);
                i += 2;
        }
        *ret = (struct text){bytes + from, at - from};
        return 0;
}

static size_t find_byte(const char *bytes, size_t from, size_t to, char byte) {
        const char *found = memchr(bytes + from, byte, to - from);

        return found ? (size_t)(found - bytes) : to;
}

/* One "name=value"; without the sign the value is empty. */
static int field_parse(char *bytes, size_t from, size_t to, struct field *ret) {
        size_t sign = find_byte(bytes, from, to, '=');
        struct field field;
        int r;

        r = decode_in_place(bytes, from, sign, &field.name);
        if (r < 0)
                return r;
        r = decode_in_place(bytes, sign < to ? sign + 1 : to, to, &field.value);
        if (r < 0)
                return r;
        *ret = field;
        return 0;
}

int form_parse(char *bytes, size_t len, struct field *ret_fields, size_t max, size_t *ret_count) {
        size_t from = 0, count = 0, end;
        int r;

        while (from < len) {
                end = find_byte(bytes, from, len, '&');
                /* "a=1&&b=2": nothing between the separators is no field (URL 5.1). */
                if (end > from) {
                        if (count == max)
                                return -E2BIG;
                        r = field_parse(bytes, from, end, &ret_fields[count]);
                        if (r < 0)
                                return r;
                        count++;
                }
                from = end + 1;
        }
        *ret_count = count;
        return 0;
}

size_t form_encoded_len(struct text value) {
        size_t i, len = 0;

        for (i = 0; i < value.len; i++)
                len += is_unreserved(value.p[i]) ? 1 : 3;
        return len;
}

char *form_encode(struct text value, char *ret) {
        static const char digits[] = "0123456789ABCDEF";
        size_t i;

        for (i = 0; i < value.len; i++) {
                unsigned char byte = (unsigned char)value.p[i];

                if (is_unreserved(value.p[i])) {
                        *ret++ = value.p[i];
                        continue;
                }
                *ret++ = '%';
                *ret++ = digits[byte >> 4];
                *ret++ = digits[byte & 15];
        }
        return ret;
}
