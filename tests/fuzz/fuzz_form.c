/* Forms and their parameters, and the Authorization field beside them. A value that was taken comes
 * back from its encoding.
 * links: daemon/frontend/params.c daemon/frontend/authorization.c daemon/frontend/http.c
 * daemon/frontend/target.c */
#include "../../common/name.h"
#include "../../daemon/frontend/authorization.h"
#include "../../daemon/frontend/params.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct text value) {
        size_t len = form_encoded_len(value), count;
        struct field field;
        char *bytes = malloc(len + 2), *end;

        if (!bytes)
                return;
        memcpy(bytes, "v=", 2);
        end = form_encode(value, bytes + 2);
        if ((size_t)(end - bytes) != len + 2)
                abort();
        if (form_parse(bytes, len + 2, &field, 1, &count) < 0 || !text_is(field.value, value))
                abort();
        free(bytes);
}

static void check_authorization(const uint8_t *data, size_t size) {
        struct authorization authorization = {0};
        struct fault fault;
        struct text value = {(const char *)data, size};

        if (authorization_parse(value, &authorization, &fault) < 0)
                return;
        if (authorization.bearer.len > TOKEN_MAX || text_has(authorization.bearer, ' '))
                abort();
}

static void check_params(char *bytes, size_t len) {
        char place[AUDIENCE_MAX];
        unsigned long long number;
        struct params params;
        struct fault fault;
        struct text list;
        size_t i;

        if (params_parse(bytes, len, &params, &fault) < 0)
                return;
        for (i = 0; i < params.count; i++)
                check_round_trip(params.fields[i].value);
        if (params_list(&params, "audience", "resource", place, sizeof place, &list) == 0 &&
            list.len > AUDIENCE_MAX)
                abort();
        if (params_number(&params, "limit", 1000, 100, &number) == 0 && number > 1000)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *bytes = malloc(size + 1);

        if (!bytes)
                return 0;
        memcpy(bytes, data, size);
        check_authorization(data, size);
        check_params(bytes, size);
        free(bytes);
        return 0;
}
