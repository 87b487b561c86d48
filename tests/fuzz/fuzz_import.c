/* Lines of files that are imported: whatever is in them, a row has a name, or says why it has none.
 * The first byte chooses the format; with CSV the first line is the header.
 *
 * links: client/cli/import/shadow.c client/cli/import/csv.c client/cli/import/json_line.c
 * links: client/cli/import/member.c client/cli/import/hash.c client/cli/import/moment.c
 * links: client/cli/import/row.c client/body.c
 * needs: jansson */
#include "../../client/cli/import/format.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int csv(struct text text, struct table *table, struct row *row) {
        struct text header;

        if (!text_next_line(&text, &header) || csv_read_header(header, table) < 0)
                return -1;
        return csv_read(text, table, row);
}

static int read_row(uint8_t format, struct text text, struct table *table, struct row *row) {
        if (format % 3 == 0)
                return shadow_read(text, table, row);
        return format % 3 == 1 ? csv(text, table, row) : json_line_read(text, table, row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct table table = {.may_lack_hashes = true, .names_from_email = size % 2 == 0};
        struct row row;

        if (size == 0 || row_begin(&row, 1) < 0)
                return 0;
        if (read_row(data[0], (struct text){(const char *)data + 1, size - 1}, &table, &row) == 0) {
                if (row.kind == ROW_USER && row_name(&row).len == 0)
                        abort();
                if (row.kind == ROW_REFUSED && row.reason[0] == '\0')
                        abort();
        }
        row_clear(&row);
        table_clear(&table);
        return 0;
}
