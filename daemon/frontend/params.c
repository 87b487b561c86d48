/* The parameters of a form or a query. Knows by name only the two that may repeat. */
#include "params.h"

static bool is_named(const struct field *field, const char *name) {
        return text_is(field->name, text_of(name));
}

static bool may_repeat(const struct field *field) {
        return is_named(field, "audience") || is_named(field, "resource");
}

static bool is_repeated(const struct params *params, size_t index) {
        size_t i;

        for (i = 0; i < index; i++)
                if (text_is(params->fields[i].name, params->fields[index].name))
                        return !may_repeat(&params->fields[index]);
        return false;
}

int params_parse(char *bytes, size_t len, struct params *ret, struct fault *fault) {
        size_t i;
        int r;

        r = form_parse(bytes, len, ret->fields, PARAMS_MAX, &ret->count);
        if (r == -E2BIG)
                return fault_bad_request(fault, "too many parameters");
        if (r < 0)
                return fault_bad_request(fault, "a broken percent escape in the parameters");
        for (i = 1; i < ret->count; i++)
                if (is_repeated(ret, i))
                        return fault_bad_request(fault, "a parameter stands there twice");
        return 0;
}

static const struct field *find(const struct params *params, const char *name) {
        size_t i;

        for (i = 0; i < params->count; i++)
                if (is_named(&params->fields[i], name))
                        return &params->fields[i];
        return NULL;
}

struct text params_get(const struct params *params, const char *name) {
        const struct field *field = find(params, name);

        return field && field->value.len > 0 ? field->value : TEXT_NONE;
}

bool params_has(const struct params *params, const char *name) {
        return find(params, name) != NULL;
}

int params_list(const struct params *params, const char *name, const char *other_name, char *ret,
                size_t size, struct text *ret_list) {
        size_t i, at = 0;

        for (i = 0; i < params->count; i++) {
                const struct field *field = &params->fields[i];

                if (field->value.len == 0 ||
                    (!is_named(field, name) && !is_named(field, other_name)))
                        continue;
                if (text_has(field->value, ' '))
                        return -EINVAL;
                if (field->value.len + (at > 0) > size - at)
                        return -ENAMETOOLONG;
                if (at > 0)
                        ret[at++] = ' ';
                memcpy(ret + at, field->value.p, field->value.len);
                at += field->value.len;
        }
        *ret_list = (struct text){ret, at};
        return 0;
}

int params_number(const struct params *params, const char *name, unsigned long long max,
                  unsigned long long otherwise, unsigned long long *ret) {
        struct text value = params_get(params, name);

        if (value.len == 0) {
                *ret = otherwise;
                return 0;
        }
        return text_number(value, max, ret);
}
