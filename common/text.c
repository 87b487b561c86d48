/* Lent bytes: the few questions that everyone asks of them. */
#include "text.h"

#include <errno.h>
#include <stdint.h>

struct text text_trim(struct text text, struct text blanks) {
        while (text.len > 0 && text_has(blanks, text.p[0])) {
                text.p++;
                text.len--;
        }
        while (text.len > 0 && text_has(blanks, text.p[text.len - 1]))
                text.len--;
        return text;
}

bool text_next_word(struct text *list, struct text *ret_word) {
        size_t i = 0, start;

        while (i < list->len && list->p[i] == ' ')
                i++;
        start = i;
        while (i < list->len && list->p[i] != ' ')
                i++;
        if (i == start)
                return false;
        *ret_word = (struct text){list->p + start, i - start};
        list->p += i;
        list->len -= i;
        return true;
}

bool text_next_line(struct text *rest, struct text *ret_line) {
        const char *end;
        size_t len;

        if (rest->len == 0)
                return false;
        end = memchr(rest->p, '\n', rest->len);
        len = end ? (size_t)(end - rest->p) : rest->len;
        *ret_line = (struct text){rest->p, len};
        rest->p += len + (end ? 1 : 0);
        rest->len -= len + (end ? 1 : 0);
        return true;
}

bool text_list_has(struct text list, struct text word) {
        struct text next;

        while (text_next_word(&list, &next))
                if (text_is(next, word))
                        return true;
        return false;
}

int text_copy(struct text text, char *ret, size_t size) {
        if (text.len >= size)
                return -ENAMETOOLONG;
        if (text_has(text, '\0'))
                return -EINVAL;
        if (text.len > 0)
                memcpy(ret, text.p, text.len);
        ret[text.len] = '\0';
        return 0;
}

int text_number(struct text text, unsigned long long max, unsigned long long *ret) {
        unsigned long long value = 0;
        size_t i;

        if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
                return -EINVAL;
        for (i = 0; i < text.len; i++) {
                unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';

                if (digit > 9 || value > max / 10 || value * 10 > max - digit)
                        return -EINVAL;
                value = value * 10 + digit;
        }
        *ret = value;
        return 0;
}

/* How many bytes a sequence that begins with `lead` has; 0 where none may. */
static size_t sequence_length(unsigned char lead) {
        if (lead < 0x80)
                return 1;
        if (lead >= 0xc2 && lead <= 0xdf)
                return 2;
        if (lead >= 0xe0 && lead <= 0xef)
                return 3;
        if (lead >= 0xf0 && lead <= 0xf4)
                return 4;
        return 0;
}

/* The least code point that needs a sequence of that many bytes: anything under it is overlong. */
static const uint32_t least_code_point[] = {0, 0, 0x80, 0x800, 0x10000};

static bool is_printable(uint32_t code_point, size_t length) {
        if (code_point < least_code_point[length] || code_point > 0x10ffff)
                return false;
        if (code_point >= 0xd800 && code_point <= 0xdfff)
                return false;
        return code_point >= 0x20 && (code_point < 0x7f || code_point > 0x9f);
}

bool text_is_printable_utf8(struct text text) {
        size_t i = 0, k, length;

        while (i < text.len) {
                unsigned char lead = (unsigned char)text.p[i];
                uint32_t code_point;

                length = sequence_length(lead);
                if (length == 0 || length > text.len - i)
                        return false;
                code_point = length == 1 ? lead : lead & (0x7fu >> length);
                for (k = 1; k < length; k++) {
                        unsigned char next = (unsigned char)text.p[i + k];

                        if ((next & 0xc0) != 0x80)
                                return false;
                        code_point = code_point << 6 | (next & 0x3f);
                }
                if (!is_printable(code_point, length))
                        return false;
                i += length;
        }
        return true;
}
