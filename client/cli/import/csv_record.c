/* Joins lines until no quote is open, and takes that back where it was a mistake. */
#include "csv_record.h"

#include "../../../common/cleanup.h"

#include <stdlib.h>

static int append(struct csv_record *record, struct text line) {
        if (record->len + line.len + 1 > RECORD_BYTES_MAX)
                return -ENOBUFS;
        if (!record->bytes)
                record->bytes = malloc(RECORD_BYTES_MAX);
        if (!record->bytes)
                return -ENOMEM;
        if (record->len > 0)
                record->bytes[record->len++] = '\n';
        if (line.len > 0)
                memcpy(record->bytes + record->len, line.p, line.len);
        record->len += line.len;
        return 0;
}

/* 0; -EBADMSG or -ENOBUFS: the quote stays open; other -errno. */
static int join(struct csv_record *record, struct lines *lines, struct text line) {
        enum line_fault fault = LINE_FINE;
        size_t count;
        int r = 0;

        record->len = 0;
        for (count = 0; count < RECORD_LINES_MAX; count++) {
                if (count > 0)
                        r = lines_next(lines, &line, &fault);
                if (r == 0)
                        r = fault ? -EBADMSG : append(record, line);
                if (r < 0)
                        return r == -ENOENT ? -EBADMSG : r;
                if (!csv_is_open((struct text){record->bytes, record->len}))
                        return 0;
        }
        return -EBADMSG;
}

static int read_joined(struct csv_record *record, struct lines *lines, struct text line,
                       struct table *table, struct row *row) {
        int r = join(record, lines, line);

        if (r == 0)
                return csv_read((struct text){record->bytes, record->len}, table, row);
        if (r != -EBADMSG && r != -ENOBUFS)
                return r;
        row_refuse(row, "opens a quote that is not closed within %d lines", RECORD_LINES_MAX);
        return 0;
}

int csv_record_read(struct csv_record *record, struct lines *lines, struct text line,
                    struct table *table, struct row *row) {
        int r;

        if (!csv_is_open(line))
                return csv_read(line, table, row);
        lines_mark(lines, true);
        r = read_joined(record, lines, line, table, row);
        if (r < 0)
                return r;
        if (row->kind == ROW_REFUSED)
                lines_rewind(lines);
        else
                record->more += lines->at.number - row->line;
        lines_mark(lines, false);
        return 0;
}

void csv_record_clear(struct csv_record *record) {
        if (record->bytes)
                explicit_bzero(record->bytes, RECORD_BYTES_MAX);
        freep(&record->bytes);
        *record = (struct csv_record){0};
}
