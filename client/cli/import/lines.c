/* From a descriptor to lines. Knows nothing of what is in them. */
#include "lines.h"

#include "../../../common/cleanup.h"

#include <unistd.h>

_Static_assert(LINE_BYTES_MAX < LINES_AT_A_TIME,
               "a whole line is in memory before it is looked at");

#define BYTE_ORDER_MARK TEXT("\xef\xbb\xbf")

static struct text unread(const struct lines *lines) {
        return (struct text){lines->bytes + lines->at.start, lines->len - lines->at.start};
}

/* What nobody asks for any more makes room. */
static void discard(struct lines *lines) {
        size_t count = lines->is_marked ? lines->mark.start : lines->at.start;

        memmove(lines->bytes, lines->bytes + count, lines->len - count);
        lines->len -= count;
        lines->at.start -= count;
        lines->mark.start -= lines->is_marked ? count : 0;
}

/* One more read, behind what is there. */
static int fill(struct lines *lines) {
        ssize_t got;

        discard(lines);
        if (lines->len == sizeof lines->bytes)
                return -ENOBUFS;
        got = read(lines->fd, lines->bytes + lines->len, sizeof lines->bytes - lines->len);
        if (got < 0)
                return -errno;
        lines->is_at_end = got == 0;
        lines->len += (size_t)got;
        return 0;
}

static void consume(struct lines *lines, size_t count) {
        lines->at.start += count;
        lines->at.offset += count;
}

/* Until there is a whole line, or what is too long for one. */
static int gather(struct lines *lines) {
        int r = 0;

        while (r == 0 && !lines->is_at_end && unread(lines).len <= LINE_BYTES_MAX &&
               !text_has(unread(lines), '\n'))
                r = fill(lines);
        return r;
}

int lines_peek(struct lines *lines, struct text *ret) {
        int r = gather(lines);

        if (r < 0)
                return r;
        if (lines->at.number == 0 && text_begins(unread(lines), BYTE_ORDER_MARK))
                consume(lines, BYTE_ORDER_MARK.len);
        *ret = unread(lines);
        return 0;
}

/* The rest of a line that is too long. */
static int skip(struct lines *lines) {
        int r = 0;

        while (r == 0 && !text_has(unread(lines), '\n') && !lines->is_at_end) {
                consume(lines, unread(lines).len);
                r = fill(lines);
        }
        return r;
}

static struct text line_cut(struct lines *lines) {
        struct text rest = unread(lines), line;
        size_t before = rest.len;

        text_next_line(&rest, &line);
        consume(lines, before - rest.len);
        if (line.len > 0 && line.p[line.len - 1] == '\r')
                line.len--;
        return line;
}

static enum line_fault fault_of(struct text line) {
        struct text part;

        if (line.len > LINE_BYTES_MAX)
                return LINE_LONG;
        if (text_has(line, '\0'))
                return LINE_NUL;
        /* A tab is the one control that may stand between words. */
        while (line.len > 0) {
                const char *tab = memchr(line.p, '\t', line.len);

                part = (struct text){line.p, tab ? (size_t)(tab - line.p) : line.len};
                if (!text_is_printable_utf8(part))
                        return LINE_NO_UTF8;
                part.len += tab ? 1 : 0;
                line.p += part.len;
                line.len -= part.len;
        }
        return LINE_FINE;
}

int lines_next(struct lines *lines, struct text *ret, enum line_fault *ret_fault) {
        struct text seen;
        int r;

        r = lines_peek(lines, &seen);
        if (r < 0)
                return r;
        if (seen.len == 0)
                return -ENOENT;
        lines->at.number++;
        *ret_fault = text_has(seen, '\n') || lines->is_at_end ? LINE_FINE : LINE_LONG;
        if (*ret_fault == LINE_LONG) {
                r = skip(lines);
                if (r < 0)
                        return r;
        }
        *ret = line_cut(lines);
        if (*ret_fault == LINE_FINE)
                *ret_fault = fault_of(*ret);
        if (*ret_fault != LINE_FINE)
                *ret = TEXT_NONE;
        return 0;
}

void lines_mark(struct lines *lines, bool is_marked) {
        lines->mark = lines->at;
        lines->is_marked = is_marked;
}

void lines_rewind(struct lines *lines) {
        lines->at = lines->mark;
        lines->is_marked = false;
}

void lines_clear(struct lines *lines) {
        explicit_bzero(lines, sizeof *lines);
}
