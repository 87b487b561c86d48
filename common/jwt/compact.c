/* A token apart, at its two dots. */
#include "compact.h"

bool compact_split(struct text token, struct compact *ret) {
        const char *first, *second, *end;

        if (token.len == 0)
                return false;
        end = token.p + token.len;
        first = memchr(token.p, '.', token.len);
        if (!first)
                return false;
        second = memchr(first + 1, '.', (size_t)(end - first - 1));
        if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
                return false;
        *ret = (struct compact){
                .header = {token.p, (size_t)(first - token.p)},
                .payload = {first + 1, (size_t)(second - first - 1)},
                .signature = {second + 1, (size_t)(end - second - 1)},
                .signed_bytes = {token.p, (size_t)(second - token.p)},
        };
        return true;
}
