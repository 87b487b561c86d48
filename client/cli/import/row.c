/* The life of a row. */
#include "row.h"

#include "../../../common/cleanup.h"
#include "../../body.h"

#include <stdio.h>

int row_begin(struct row *row, unsigned long line) {
        *row = (struct row){.line = line, .user = json_object()};
        return row->user ? 0 : -ENOMEM;
}

void row_refuse(struct row *row, const char *format, ...) {
        va_list arguments;

        if (row->kind == ROW_REFUSED)
                return;
        row->kind = ROW_REFUSED;
        va_start(arguments, format);
        vsnprintf(row->reason, sizeof row->reason, format, arguments);
        va_end(arguments);
}

struct text row_name(const struct row *row) {
        const json_t *name = json_object_get(row->user, "username");

        return (struct text){json_string_value(name), json_string_length(name)};
}

void row_forget_password(struct row *row) {
        json_wipe_string(json_object_get(row->user, "password_hash"));
        json_object_del(row->user, "password_hash");
        json_object_del(row->user, "password_changed_at");
}

void row_clear(struct row *row) {
        json_wipe_string(json_object_get(row->user, "password_hash"));
        json_decref(row->user);
        *row = (struct row){0};
}
