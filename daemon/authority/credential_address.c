/* Nothing is believed here, only taken apart. */
#include "credential_address.h"

#include "../../common/name.h"
#include "../../common/wire/bytes.h"

#include <errno.h>

static bool is_printable(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (text.p[i] <= ' ' || text.p[i] > '~')
                        return false;
        return text.len > 0;
}

int credential_address_read(struct text address, struct text *ret_unit, struct text *ret_name) {
        struct text rest = address, number, word, unit;

        if (rest.len == 0 || rest.p[0] != '\0')
                return -EINVAL;
        rest = (struct text){rest.p + 1, rest.len - 1};
        number = cut_at(&rest, '/');
        word = cut_at(&rest, '/');
        unit = cut_at(&rest, '/');
        if (!is_printable(number) || !text_is(word, TEXT("unit")) || !name_is_unit(unit) ||
            !is_printable(rest) || memchr(rest.p, '/', rest.len))
                return -EINVAL;
        *ret_unit = unit;
        *ret_name = rest;
        return 0;
}
