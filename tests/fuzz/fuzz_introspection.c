/* links: client/introspection.c
 * needs: jansson */
/* What the daemon answers about a token: claims that are taken end within their places, belong to
 * somebody and are printable. */
#include "../../client/introspection.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t place) {
        size_t len = strnlen(text, place);

        if (len == place || !text_is_printable_utf8((struct text){text, len}))
                abort();
}

static void check_claims(const struct claims *claims) {
        check(claims->iss, sizeof claims->iss);
        check(claims->sub, sizeof claims->sub);
        check(claims->aud, sizeof claims->aud);
        check(claims->jti, sizeof claims->jti);
        check(claims->sid, sizeof claims->sid);
        check(claims->client_id, sizeof claims->client_id);
        check(claims->scope, sizeof claims->scope);
        check(claims->roles, sizeof claims->roles);
        check(claims->username, sizeof claims->username);
        check(claims->amr, sizeof claims->amr);
        if (!*claims->iss || !*claims->sub || !*claims->aud || claims->exp <= 0 || claims->iat <= 0)
                abort();
        if (claims->uid == UINT32_MAX || (!claims->has_uid && claims->uid != 0))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        json_error_t ignored;
        json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &ignored);
        struct claims claims = {0};
        bool is_active = false;

        if (json && introspection_read(json, &is_active, &claims) == 0 && is_active)
                check_claims(&claims);
        json_decref(json);
        return 0;
}
