/* What a client proves itself with: the first line is the Authorization field, the rest the form.
 * What is read is bounded, whole, and the same when it is written again.
 * links: daemon/frontend/client_proof.c daemon/frontend/authorization.c daemon/frontend/params.c
 * daemon/frontend/http.c daemon/frontend/target.c */
#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../daemon/frontend/client_proof.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
        if (!holds)
                abort();
}

/* RFC 4648 4, of ID:SECRET with both halves encoded as in a form. */
static size_t basic_write(const struct client_proof *proof, char *ret) {
        static const char prefix[] = "Basic ";
        char pair[3 * (CLIENT_MAX + CLIENT_SECRET_MAX) + 2], *end;
        size_t len, i;

        end = form_encode(proof->id, pair);
        *end++ = ':';
        end = form_encode(proof->secret, end);
        memcpy(ret, prefix, sizeof prefix - 1);
        base64url_encode((const uint8_t *)pair, (size_t)(end - pair), ret + sizeof prefix - 1);
        for (i = sizeof prefix - 1; ret[i]; i++)
                ret[i] = ret[i] == '-' ? '+' : ret[i] == '_' ? '/' : ret[i];
        for (len = i; (len - (sizeof prefix - 1)) % 4 != 0; len++)
                ret[len] = '=';
        return len;
}

static void check_round_trip(const struct client_proof *proof) {
        char field[6 + 4 * (CLIENT_MAX + CLIENT_SECRET_MAX) + 8];
        struct client_proof again = {.id = TEXT_NONE};
        struct authorization authorization = {0};
        struct params none = {.count = 0};
        struct fault fault;
        struct text value;

        if (form_encoded_len(proof->id) + form_encoded_len(proof->secret) + 1 > BASIC_MAX)
                return;
        value = (struct text){field, basic_write(proof, field)};
        must(authorization_parse(value, &authorization, &fault) == 0);
        must(client_proof_read(&authorization, &none, &again, &fault) == 0);
        must(text_is(again.id, proof->id) && text_is(again.secret, proof->secret));
        client_proof_clear(&again);
}

static void check(struct text field, char *form, size_t len) {
        struct client_proof proof = {.id = TEXT_NONE};
        struct authorization authorization = {0};
        struct params params;
        struct fault fault;

        if (authorization_parse(field, &authorization, &fault) < 0 ||
            params_parse(form, len, &params, &fault) < 0 ||
            client_proof_read(&authorization, &params, &proof, &fault) < 0)
                return;
        must(proof.id.len <= CLIENT_MAX && proof.secret.len <= CLIENT_SECRET_MAX);
        must(proof.secret.len == 0 || proof.id.len > 0);
        if (proof.secret.len > 0)
                check_round_trip(&proof);
        client_proof_clear(&proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *bytes = malloc(size + 1), *newline;
        size_t line = size;

        if (!bytes)
                return 0;
        memcpy(bytes, data, size);
        bytes[size] = '\n';
        newline = memchr(bytes, '\n', size + 1);
        line = (size_t)(newline - bytes);
        check((struct text){bytes, line}, newline, 0);
        if (line < size)
                check((struct text){bytes, line}, newline + 1, size - line - 1);
        free(bytes);
        return 0;
}
