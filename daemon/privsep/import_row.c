/* Rows of an import, written and read by the same two tables. Texts have a length of two bytes,
 * times eight, in little endian; flags one. Refuses to know what a good value is. */
#include "import_row.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

#include <endian.h>

#define TEXT_WIDTH 2
#define TIME_WIDTH 8

/* A name is what a caller wrote, and longer than any that is good. */
static const struct {
        size_t offset, max;
} texts[] = {
        {offsetof(struct import_row, username), 256},
        {offsetof(struct import_row, password_hash), PASSWORD_HASH_MAX},
        {offsetof(struct import_row, full_name), FULL_NAME_MAX},
        {offsetof(struct import_row, email), EMAIL_MAX},
        {offsetof(struct import_row, roles), ROLES_MAX},
};

static const size_t flags[] = {
        offsetof(struct import_row, disabled),
        offsetof(struct import_row, must_change),
};

static const size_t times[] = {
        offsetof(struct import_row, created_at),
        offsetof(struct import_row, password_changed_at),
        offsetof(struct import_row, expires_at),
};

static const void *at(const struct import_row *row, size_t offset) {
        return (const char *)row + offset;
}

static int check_bounds(const struct import_row *row) {
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++)
                if (((const struct text *)at(row, texts[i].offset))->len > texts[i].max)
                        return -EMSGSIZE;
        for (i = 0; i < ELEMENTS(times); i++) {
                int64_t time = *(const int64_t *)at(row, times[i]);

                if (time < 0 || time > CLOCK_LAST_S)
                        return -EMSGSIZE;
        }
        return 0;
}

static size_t row_len(const struct import_row *row) {
        size_t i, len = ELEMENTS(flags) + ELEMENTS(times) * TIME_WIDTH;

        for (i = 0; i < ELEMENTS(texts); i++)
                len += TEXT_WIDTH + ((const struct text *)at(row, texts[i].offset))->len;
        return len;
}

static char *text_put(char *end, const struct text *text) {
        uint16_t len = htole16((uint16_t)text->len);

        memcpy(end, &len, TEXT_WIDTH);
        if (text->len > 0)
                memcpy(end + TEXT_WIDTH, text->p, text->len);
        return end + TEXT_WIDTH + text->len;
}

static char *time_put(char *end, const int64_t *time) {
        uint64_t little = htole64((uint64_t)*time);

        memcpy(end, &little, TIME_WIDTH);
        return end + TIME_WIDTH;
}

int import_rows_add(struct import_rows *rows, const struct import_row *row) {
        char *end = rows->bytes + rows->len;
        size_t i;
        int r;

        r = check_bounds(row);
        if (r < 0)
                return r;
        if (rows->count == IMPORT_ROWS_MAX || row_len(row) > sizeof rows->bytes - rows->len)
                return -ENOBUFS;
        for (i = 0; i < ELEMENTS(texts); i++)
                end = text_put(end, at(row, texts[i].offset));
        for (i = 0; i < ELEMENTS(flags); i++)
                *end++ = *(const bool *)at(row, flags[i]) ? 1 : 0;
        for (i = 0; i < ELEMENTS(times); i++)
                end = time_put(end, at(row, times[i]));
        rows->len = (size_t)(end - rows->bytes);
        rows->count++;
        return 0;
}

static int bytes_cut(struct text *rest, size_t len, struct text *ret) {
        if (rest->len < len)
                return -EPROTO;
        *ret = (struct text){rest->p, len};
        rest->p += len;
        rest->len -= len;
        return 0;
}

static int text_cut(struct text *rest, struct text *ret) {
        struct text width;
        uint16_t len;

        if (bytes_cut(rest, TEXT_WIDTH, &width) < 0)
                return -EPROTO;
        memcpy(&len, width.p, TEXT_WIDTH);
        return bytes_cut(rest, le16toh(len), ret);
}

static int flag_cut(struct text *rest, bool *ret) {
        struct text byte;

        if (bytes_cut(rest, 1, &byte) < 0 || (byte.p[0] != 0 && byte.p[0] != 1))
                return -EPROTO;
        *ret = byte.p[0] == 1;
        return 0;
}

static int time_cut(struct text *rest, int64_t *ret) {
        struct text width;
        uint64_t little;

        if (bytes_cut(rest, TIME_WIDTH, &width) < 0)
                return -EPROTO;
        memcpy(&little, width.p, TIME_WIDTH);
        *ret = (int64_t)le64toh(little);
        return 0;
}

static int row_cut(struct text *rest, struct import_row *row) {
        char *place = (char *)row;
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < ELEMENTS(texts); i++)
                r = text_cut(rest, (struct text *)(void *)(place + texts[i].offset));
        for (i = 0; r == 0 && i < ELEMENTS(flags); i++)
                r = flag_cut(rest, (bool *)(place + flags[i]));
        for (i = 0; r == 0 && i < ELEMENTS(times); i++)
                r = time_cut(rest, (int64_t *)(void *)(place + times[i]));
        return r < 0 || check_bounds(row) < 0 ? -EPROTO : 0;
}

int import_row_next(struct text *rest, struct import_row *ret) {
        struct import_row row = {.disabled = false};
        struct text left = *rest;

        if (left.len == 0)
                return -ENOENT;
        if (row_cut(&left, &row) < 0)
                return -EPROTO;
        *ret = row;
        *rest = left;
        return 0;
}

bool import_rows_are_whole(struct text rows) {
        struct import_row row;
        size_t count = 0;
        int r;

        while ((r = import_row_next(&rows, &row)) == 0)
                count++;
        return r == -ENOENT && count <= IMPORT_ROWS_MAX;
}
