/* JSON lines: an object for each user, whose members are called as a table's columns may be. */
#include "format.h"

#include "../../../common/cleanup.h"

#include <stdint.h>

/* The members of our own lists that import has no use for are no surprise to anybody. */
static const char own[] = "id uid locked_until";

static int table_ignore(struct table *table, struct text column) {
        char name[64];

        if (text_list_has(TEXT(own), column))
                return 0;
        if (text_copy(column, name, sizeof name) < 0 || !text_is_printable_utf8(column))
                return 0;
        if (!table->ignored)
                table->ignored = json_object();
        return json_object_set_new(table->ignored, name, json_true()) < 0 ? -ENOMEM : 0;
}

int table_note(struct table *table, struct members_seen *seen, const struct member *member,
               const char *column) {
        const char *before;

        if (!member)
                return table_ignore(table, text_of(column));
        before = member_note(seen, member, column);
        if (!before)
                return 0;
        snprintf(table->complaint, sizeof table->complaint,
                 "%s and %s mean the same here: rename or leave out the one that is not meant",
                 before, column);
        return -ENOTUNIQ;
}

void table_clear(struct table *table) {
        json_decref(table->role_names);
        json_decref(table->ignored);
        json_decref(table->header);
        json_decref(table->full_names);
        *table = (struct table){0};
}

/* Objects need not be alike: from the second on each is refused by itself. */
static int member_read(const struct member *member, const char *name, const json_t *value,
                       struct members_seen *seen, struct table *table, struct row *row) {
        int r = table_note(table, seen, member, name);

        if (r == -ENOTUNIQ && table->has_hashes) {
                row_refuse(row, "%s", table->complaint);
                return 0;
        }
        return r < 0 || !member ? r : member_set(member, value, row);
}

static int object_read(const json_t *object, struct table *table, struct row *row) {
        bool has_hash = table->may_lack_hashes;
        struct members_seen seen = {{NULL}};
        const json_t *value;
        const char *name;
        int r = 0;

        json_object_foreach((json_t *)(uintptr_t)object, name, value) {
                const struct member *member = member_find(text_of(name));

                r = member_read(member, name, value, &seen, table, row);
                if (r < 0)
                        return r;
                has_hash |= member_is_hash(member);
        }
        table->has_hashes |= has_hash;
        if (!table->has_hashes)
                return -ENODATA;
        if (!has_hash)
                row_refuse(row, "has no member for the hash of a password, as others have");
        return members_finish(row, table->names_from_email);
}

/* What jansson made of a hash is wiped with the document. */
static void document_clear(json_t **document) {
        json_t *value;
        const char *name;

        json_object_foreach(*document, name, value) {
                if (json_is_string(value))
                        explicit_bzero((char *)(uintptr_t)json_string_value(value),
                                       json_string_length(value));
        }
        json_decref(*document);
}

int json_line_read(struct text line, struct table *table, struct row *row) {
        _cleanup_(document_clear) json_t *document = NULL;
        json_error_t error;

        document = json_loadb(line.len > 0 ? line.p : "", line.len, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(document))
                return object_read(document, table, row);
        if (line.len > 0 && line.p[0] == '[')
                row_refuse(row, "is an array: `jq -c '.[]'` makes a line of each of its objects");
        else if (document)
                row_refuse(row, "is no JSON object");
        else
                row_refuse(row,
                           "is no JSON object, or has a member twice (byte %d): `jq -c .` makes a "
                           "line of each that has several",
                           error.position);
        return 0;
}
