/* The parameters of a form or a query: each once, an empty one is absent (RFC 6749 3.2). */
#ifndef JETON_FRONTEND_PARAMS_H
#define JETON_FRONTEND_PARAMS_H

#include "../../common/wire/form.h"
#include "fault.h"

#define PARAMS_MAX 64

struct params {
        struct field fields[PARAMS_MAX]; /* lent by the parsed bytes */
        size_t count;
};

/* Decodes in place. Only `audience` and `resource` may stand there more than once (RFC 8707 2,
 * RFC 8693 2.1). 0, or -EBADMSG with a fault. */
int params_parse(char *bytes, size_t len, struct params *ret, struct fault *fault);

/* The value; TEXT_NONE when absent or empty. */
struct text params_get(const struct params *params, const char *name);

/* Whether it is there at all, be it empty: an empty password was still given. */
bool params_has(const struct params *params, const char *name);

/* All values of `name` and `other_name` as one space-separated list in `ret`, which has `size`
 * bytes. 0; -EINVAL when one holds a space; -ENAMETOOLONG. */
int params_list(const struct params *params, const char *name, const char *other_name, char *ret,
                size_t size, struct text *ret_list);

/* A decimal number up to `max`, `otherwise` when absent. 0 or -EINVAL. */
int params_number(const struct params *params, const char *name, unsigned long long max,
                  unsigned long long otherwise, unsigned long long *ret);

#endif
