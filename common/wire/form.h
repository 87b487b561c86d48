/* application/x-www-form-urlencoded (WHATWG URL 5; RFC 6749 appendix B). */
#ifndef JETON_WIRE_FORM_H
#define JETON_WIRE_FORM_H

#include "../text.h"

struct field {
        struct text name, value; /* decoded; lent by the buffer that was parsed */
};

/* Splits and decodes a form in place. 0 and the number of fields; -EINVAL for a broken percent
 * escape; -E2BIG for more than `max` fields. An empty body has no fields. */
int form_parse(char *bytes, size_t len, struct field *ret_fields, size_t max, size_t *ret_count);

/* Bytes that form_encode() needs for `value`, without a NUL. */
size_t form_encoded_len(struct text value);

/* Writes `value` percent-encoded: unreserved characters stay (RFC 3986 2.3), all else is %XX.
 * Returns the end of what was written. The caller provides form_encoded_len() bytes. */
char *form_encode(struct text value, char *ret);

#endif
