/* A login code as somebody types it. What is read has one value, and that value one spelling, which
 * is read as the same again.
 *
 * links: daemon/authority/code_spelling.c */
#include "../../daemon/authority/code_spelling.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t bytes[CODE_BYTES], again[CODE_BYTES];
        char spelled[CODE_LEN + 1];
        char *typed = malloc(size + 1);

        if (!typed)
                return 0;
        memcpy(typed, data, size);
        if (code_read((struct text){typed, size}, bytes) == 0) {
                code_spell(bytes, spelled);
                if (strlen(spelled) != CODE_LEN || code_read(text_of(spelled), again) != 0 ||
                    memcmp(bytes, again, sizeof bytes) != 0)
                        abort();
        }
        free(typed);
        return 0;
}
