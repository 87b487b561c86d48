/* A sorted table of the lines of a file, which stays in memory as it was read. */
#include "blocklist.h"

#include "../../common/cleanup.h"
#include "../privsep/message.h"
#include "bytes.h"

#include <stdlib.h>

static struct blocklist {
        char *bytes;
        struct text *lines; /* lent by `bytes` */
        size_t count;
} list;

static unsigned char lower(char c) {
        return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int lines_compare(const void *left, const void *right) {
        const struct text *a = left, *b = right;
        size_t i, len = a->len < b->len ? a->len : b->len;

        for (i = 0; i < len; i++)
                if (lower(a->p[i]) != lower(b->p[i]))
                        return lower(a->p[i]) < lower(b->p[i]) ? -1 : 1;
        return a->len == b->len ? 0 : a->len < b->len ? -1 : 1;
}

static size_t lines_count(const char *bytes, size_t size) {
        size_t i, count = 1;

        for (i = 0; i < size; i++)
                count += bytes[i] == '\n';
        return count;
}

static void lines_cut(struct blocklist *ret, size_t size) {
        struct text line, rest = {ret->bytes, size};

        while (text_next_line(&rest, &line)) {
                if (line.len > 0 && line.p[line.len - 1] == '\r')
                        line.len--;
                if (line.len > 0)
                        ret->lines[ret->count++] = line;
        }
        qsort(ret->lines, ret->count, sizeof *ret->lines, lines_compare);
}

static void blocklist_clear(struct blocklist *of) {
        free(of->bytes);
        free(of->lines);
}

int blocklist_read(int fd) {
        _cleanup_(blocklist_clear) struct blocklist fresh = {.bytes = NULL};
        size_t size;
        int r;

        r = bytes_read(fd, BLOCKLIST_MAX, &fresh.bytes, &size);
        if (r < 0)
                return r;
        fresh.lines = calloc(lines_count(fresh.bytes, size), sizeof *fresh.lines);
        if (!fresh.lines)
                return -ENOMEM;
        lines_cut(&fresh, size);
        blocklist_clear(&list);
        list = fresh;
        fresh = (struct blocklist){.bytes = NULL};
        return 0;
}

bool blocklist_has(struct text password) {
        return list.count > 0 &&
               bsearch(&password, list.lines, list.count, sizeof *list.lines, lines_compare);
}
