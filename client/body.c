/* What requests carry. */
#include "body.h"

#include "../common/cleanup.h"

#include <stdint.h>

static size_t form_len(const struct field *fields, size_t count) {
        size_t len = 0, i;

        for (i = 0; i < count; i++)
                if (fields[i].value.len > 0)
                        len += fields[i].name.len + form_encoded_len(fields[i].value) + 2;
        return len;
}

int body_form(const struct field *fields, size_t count, struct secret **ret) {
        struct secret *body;
        char *at;
        size_t i;
        int r;

        r = secret_reserve(form_len(fields, count), &body);
        if (r < 0)
                return r;
        at = body->bytes;
        for (i = 0; i < count; i++) {
                if (fields[i].value.len == 0)
                        continue;
                if (at > body->bytes)
                        *at++ = '&';
                memcpy(at, fields[i].name.p, fields[i].name.len);
                at += fields[i].name.len;
                *at++ = '=';
                at = form_encode(fields[i].value, at);
        }
        body->len = (size_t)(at - body->bytes);
        *ret = body;
        return 0;
}

/* json_dumpb() writes into our memory; json_dumps() would grow, and leave, buffers of its own. */
int body_json(const json_t *json, struct secret **ret) {
        size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
        struct secret *body;
        int r;

        if (len == 0)
                return -ENOMEM;
        r = secret_reserve(len, &body);
        if (r < 0)
                return r;
        if (json_dumpb(json, body->bytes, len, JSON_COMPACT) != len) {
                secret_free(body);
                return -ENOMEM;
        }
        *ret = body;
        return 0;
}

int body_bearer(struct text token, struct secret **ret) {
        static const struct text scheme = TEXT("Bearer ");
        struct secret *value;
        int r;

        r = secret_reserve(scheme.len + token.len, &value);
        if (r < 0)
                return r;
        memcpy(value->bytes, scheme.p, scheme.len);
        if (token.len > 0)
                memcpy(value->bytes + scheme.len, token.p, token.len);
        *ret = value;
        return 0;
}

void json_wipe_string(json_t *value) {
        if (json_is_string(value))
                explicit_bzero((char *)(uintptr_t)json_string_value(value),
                               json_string_length(value));
}
