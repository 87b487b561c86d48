/* Rows of an import as the authority takes them from a frontend. What is read is within its bounds,
 * and is written as the same bytes again. */
#include "../../daemon/privsep/import_row.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct text rest = {(const char *)data, size};
        struct import_row row;

        for (;;) {
                struct import_rows again = {.len = 0};
                const char *start = rest.p;

                if (import_row_next(&rest, &row) < 0)
                        return 0;
                if (import_rows_add(&again, &row) < 0 ||
                    !text_is((struct text){again.bytes, again.len},
                             (struct text){start, (size_t)(rest.p - start)}))
                        abort();
        }
}
