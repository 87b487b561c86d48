/* GET /.well-known/jwks.json (RFC 7517) and the metadata document under its two names (RFC 8414):
 * what verifiers and clients need to know, from the keys page. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "frontend.h"
#include "request.h"

#include <stdio.h>

#define COORDINATE_LEN 32 /* of P-256 */

static void add_coordinate(struct json *object, const char *name, const uint8_t *bytes) {
        char text[BASE64URL_LEN(COORDINATE_LEN) + 1];

        base64url_encode(bytes, COORDINATE_LEN, text);
        json_add_text(object, name, text_of(text));
}

/* RFC 7518 6.2.1. */
static void es256_to_json(const struct page_key *key, struct json *ret) {
        json_begin_object(ret);
        json_add_text(ret, "kty", TEXT("EC"));
        json_add_text(ret, "crv", TEXT("P-256"));
        add_coordinate(ret, "x", key->public_key);
        add_coordinate(ret, "y", key->public_key + COORDINATE_LEN);
        json_add_text(ret, "kid", text_of(key->kid));
        json_add_text(ret, "use", TEXT("sig"));
        json_add_text(ret, "alg", text_of(algorithm_name(KEY_ES256)));
}

static void append_key(struct json *array, const struct page_key *key) {
        _cleanup_(json_clear) struct json jwk = {0};

        if (key->algorithm != KEY_ES256 || key->public_len != 2 * COORDINATE_LEN)
                return;
        es256_to_json(key, &jwk);
        json_append(array, &jwk);
}

int jwks_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        const struct keys_table *table = &request->frontend->keys.table;
        _cleanup_(json_clear) struct json body = {0}, keys = {0};
        uint32_t i;
        int r;

        r = keys_refresh(&request->frontend->keys);
        if (r < 0)
                return r;
        json_begin_object(&body);
        json_begin_array(&keys);
        for (i = 0; i < table->count; i++)
                append_key(&keys, &table->keys[i]);
        json_add(&body, "keys", &keys);
        return request_reply_json(request, &reply, &body);
}

static void add_url(struct json *object, const char *name, const char *issuer, const char *path) {
        char url[ISSUER_MAX + 64];
        int len = snprintf(url, sizeof url, "%s%s", issuer, path);

        json_add_text(object, name, (struct text){url, (size_t)len});
}

/* docs/protocol.md says why RS256 is named: client libraries refuse a document without it. */
static void add_metadata(struct json *object, const char *issuer) {
        json_add_text(object, "issuer", text_of(issuer));
        add_url(object, "token_endpoint", issuer, "/token");
        add_url(object, "introspection_endpoint", issuer, "/introspect");
        add_url(object, "userinfo_endpoint", issuer, "/userinfo");
        add_url(object, "jwks_uri", issuer, "/.well-known/jwks.json");
        json_add_words(object, "grant_types_supported", TEXT("password"));
        json_add_words(object, "response_types_supported", TEXT("none"));
        json_add_words(object, "subject_types_supported", TEXT("public"));
        json_add_words(object, "id_token_signing_alg_values_supported", TEXT("RS256 ES256"));
        json_add_words(object, "token_endpoint_auth_methods_supported", TEXT("none"));
}

int metadata_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        const struct keys *keys = &request->frontend->keys;
        _cleanup_(json_clear) struct json body = {0};
        int r;

        r = keys_refresh(&request->frontend->keys);
        if (r < 0)
                return r;
        json_begin_object(&body);
        add_metadata(&body, keys->table.issuer);
        return request_reply_json(request, &reply, &body);
}
