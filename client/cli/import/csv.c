/* RFC 4180: fields between commas, of which those with a comma, a quote or a line's end in them
 * stand between quotes. The first record names the columns. */
#include "format.h"

#include "../../../common/cleanup.h"

#include <stdint.h>
#include <stdlib.h>

bool csv_is_open(struct text record) {
        bool is_open = false;
        size_t i;

        for (i = 0; i < record.len; i++)
                is_open ^= record.p[i] == '"';
        return is_open;
}

/* What stands between quotes; two of them are one. Behind the closing one the field must end. */
static int quoted_cut(struct text *rest, char *field, size_t *ret_len) {
        size_t i = 1, len = 0;

        for (; i < rest->len; i++) {
                if (rest->p[i] == '"' && (i + 1 == rest->len || rest->p[i + 1] != '"'))
                        break;
                if (rest->p[i] == '"')
                        i++;
                field[len++] = rest->p[i];
        }
        if (i >= rest->len || (i + 1 < rest->len && rest->p[i + 1] != ','))
                return -EBADMSG;
        rest->p += i + 1;
        rest->len -= i + 1;
        *ret_len = len;
        return 0;
}

static int plain_cut(struct text *rest, char *field, size_t *ret_len) {
        const char *comma = rest->len > 0 ? memchr(rest->p, ',', rest->len) : NULL;
        size_t len = comma ? (size_t)(comma - rest->p) : rest->len;

        if (len > 0)
                memcpy(field, rest->p, len);
        if (text_has((struct text){field, len}, '"'))
                return -EBADMSG;
        rest->p += len;
        rest->len -= len;
        *ret_len = len;
        return 0;
}

/* One field of a record, into room for all of the record. 0; -ENOENT behind the last; -EBADMSG. */
static int field_cut(struct text *rest, bool *is_first, char *field, size_t *ret_len) {
        if (!*is_first) {
                if (rest->len == 0)
                        return -ENOENT;
                rest->p++; /* the comma */
                rest->len--;
        }
        *is_first = false;
        return rest->len > 0 && rest->p[0] == '"' ? quoted_cut(rest, field, ret_len)
                                                  : plain_cut(rest, field, ret_len);
}

struct room {
        char *bytes;
        size_t len;
};

static void room_clear(struct room *room) {
        if (room->bytes)
                explicit_bzero(room->bytes, room->len);
        free(room->bytes);
}

typedef int take_field(void *context, struct text field, size_t index);

/* 0; -EBADMSG: a quote is where none may be; what take() says. */
static int fields_each(struct text record, take_field *take_one, void *context) {
        _cleanup_(room_clear) struct room room = {malloc(record.len + 1), record.len + 1};
        bool is_first = true;
        size_t index, len;
        int r = 0;

        if (!room.bytes)
                return -ENOMEM;
        for (index = 0; r == 0; index++) {
                r = field_cut(&record, &is_first, room.bytes, &len);
                if (r == 0)
                        r = take_one(context, (struct text){room.bytes, len}, index);
        }
        return r == -ENOENT ? 0 : r;
}

/* ---- the header ---- */

struct header {
        struct table *table;
        struct members_seen seen;
};

static int header_take(void *context, struct text field, size_t index) {
        struct header *header = context;
        json_t *columns = header->table->header;

        if (json_array_append_new(columns, json_stringn(field.p, field.len)) < 0)
                return -ENOMEM;
        return table_note(header->table, &header->seen, member_find(field),
                          json_string_value(json_array_get(columns, index)));
}

static bool has_column(const json_t *header, bool (*is_it)(const struct member *member)) {
        const json_t *column;
        size_t i;

        json_array_foreach(header, i, column) {
                if (is_it(member_find(text_of(json_string_value(column)))))
                        return true;
        }
        return false;
}

int csv_read_header(struct text record, struct table *table) {
        struct header header = {.table = table};
        int r;

        table->header = json_array();
        if (!table->header)
                return -ENOMEM;
        r = fields_each(record, header_take, &header);
        if (r < 0)
                return r;
        if (!has_column(table->header, member_is_name) &&
            !(table->names_from_email && has_column(table->header, member_is_email)))
                return -EINVAL;
        table->has_hashes = has_column(table->header, member_is_hash);
        return table->has_hashes || table->may_lack_hashes ? 0 : -ENODATA;
}

/* ---- the records ---- */

struct record {
        const struct table *table;
        struct row *row;
        size_t count;
};

static int record_take(void *context, struct text field, size_t index) {
        struct record *record = context;
        const json_t *column = json_array_get(record->table->header, index);
        const struct member *member =
                column ? member_find(text_of(json_string_value(column))) : NULL;
        json_t *value;
        int r;

        record->count++;
        if (!member)
                return 0;
        if (text_has(field, '\n'))
                row_refuse(record->row, "a quoted field that jeton has a use for goes on in the "
                                        "next line: is a quote missing or too many?");
        value = json_stringn(field.p, field.len);
        if (!value) {
                row_refuse(record->row, "is not UTF-8");
                return 0;
        }
        r = member_set(member, value, record->row);
        explicit_bzero((char *)(uintptr_t)json_string_value(value), field.len);
        json_decref(value);
        return r;
}

int csv_read(struct text text, struct table *table, struct row *row) {
        struct record record = {.table = table, .row = row};
        size_t columns = json_array_size(table->header);
        int r;

        r = fields_each(text, record_take, &record);
        if (r == -EBADMSG) {
                row_refuse(row, "a quote stands where none may: within a field it is two of them, "
                                "and the field between quotes");
                return 0;
        }
        if (r < 0)
                return r;
        if (record.count != columns)
                row_refuse(row, "has %zu fields, and the header %zu", record.count, columns);
        return members_finish(row, table->names_from_email);
}
