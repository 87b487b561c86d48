/* One setting off what jetond -T prints: a line each, its value in quotes. */
#include "settings.h"

bool settings_line(struct text *rest, struct text *ret) {
        if (!text_next_line(rest, ret))
                return false;
        while (ret->len > 0 && *ret->p == ' ')
                *ret = (struct text){ret->p + 1, ret->len - 1};
        return true;
}

bool settings_value(struct text line, struct text before, struct text *ret) {
        size_t len = 0;

        if (!text_begins(line, before))
                return false;
        line = (struct text){line.p + before.len, line.len - before.len};
        while (len < line.len && line.p[len] != '"')
                len += line.p[len] == '\\' ? 2 : 1;
        *ret = (struct text){line.p, len < line.len ? len : line.len};
        return true;
}

char *settings_unescape(struct text value) {
        char *copy = calloc(1, value.len + 1), *to = copy;
        size_t i;

        for (i = 0; copy && i < value.len; i++) {
                if (value.p[i] == '\\' && i + 1 < value.len)
                        i++;
                *to++ = value.p[i];
        }
        return copy;
}
