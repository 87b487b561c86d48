/* GET /.well-known/jwks.json (RFC 7517) and the metadata document under its two names (RFC 8414):
 * what verifiers and clients need to know, from the keys page. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "../../common/wire/wire.h"
#include "frontend.h"
#include "jwk.h"
#include "request.h"

#include <stdio.h>

/* Of every state: who starts to trust a key when it is prepared never meets an unknown one. */
static void jwks_to_json(const struct keys_table *table, struct json *ret) {
        _cleanup_(json_clear) struct json keys = {0}, key = {0};
        uint32_t i;

        json_begin_object(ret);
        json_begin_array(&keys);
        for (i = 0; i < table->count; i++) {
                if (!algorithm_is_public(table->keys[i].algorithm))
                        continue;
                jwk_to_json(&table->keys[i], &key);
                json_append(&keys, &key);
        }
        json_add(ret, "keys", &keys);
}

int jwks_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        _cleanup_(json_clear) struct json body = {0};
        int r;

        r = keys_refresh(&request->frontend->keys);
        if (r < 0)
                return r;
        jwks_to_json(&request->frontend->keys.keyset->table, &body);
        return request_reply_tagged(request, &reply, &body);
}

static void add_url(struct json *object, const char *name, const char *issuer, const char *path) {
        char url[ISSUER_MAX + 64];
        int len = snprintf(url, sizeof url, "%s%s", issuer, path);

        json_add_text(object, name, (struct text){url, (size_t)len});
}

/* docs/protocol.md says why RS256 is named in any case: client libraries refuse a document without
 * it. The others are those of the published keys. */
static void add_algorithms(struct json *object, const struct keys_table *table) {
        char words[64] = "RS256";
        size_t len = strlen(words);
        enum key_algorithm algorithm;
        uint32_t i;

        for (algorithm = KEY_NONE + 1; algorithm < KEY_ALGORITHM_COUNT; algorithm++)
                for (i = 0; i < table->count; i++)
                        if (table->keys[i].algorithm == algorithm && algorithm != KEY_RS256 &&
                            algorithm_is_public(algorithm)) {
                                len += (size_t)snprintf(words + len, sizeof words - len, " %s",
                                                        algorithm_name(algorithm));
                                break;
                        }
        json_add_words(object, "id_token_signing_alg_values_supported", text_of(words));
}

static void add_metadata(struct json *object, const struct keys_table *table) {
        const char *issuer = table->issuer;

        json_add_text(object, "issuer", text_of(issuer));
        add_url(object, "token_endpoint", issuer, "/token");
        add_url(object, "introspection_endpoint", issuer, "/introspect");
        add_url(object, "revocation_endpoint", issuer, "/revoke");
        add_url(object, "userinfo_endpoint", issuer, "/userinfo");
        add_url(object, "jwks_uri", issuer, "/.well-known/jwks.json");
        json_add_words(object, "grant_types_supported",
                       TEXT("password refresh_token client_credentials " WIRE_GRANT_EXCHANGE));
        json_add_words(object, "response_types_supported", TEXT("none"));
        json_add_words(object, "subject_types_supported", TEXT("public"));
        add_algorithms(object, table);
        json_add_words(object, "token_endpoint_auth_methods_supported",
                       TEXT("none client_secret_basic client_secret_post"));
        json_add_words(object, "introspection_endpoint_auth_methods_supported",
                       TEXT("none client_secret_basic client_secret_post"));
        json_add_words(object, "revocation_endpoint_auth_methods_supported",
                       TEXT("none client_secret_basic client_secret_post"));
}

/* RFC 8414 3.1: the path of an issuer that has one stands behind the well-known name. */
static bool is_path_of_issuer(struct text path, const char *issuer) {
        const char *host = strstr(issuer, "://"),
                   *issuer_path = host ? strchr(host + 3, '/') : NULL;

        return path.len == 0 || (issuer_path && text_is(path, text_of(issuer_path + 1)));
}

int metadata_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        const struct keys *keys = &request->frontend->keys;
        _cleanup_(json_clear) struct json body = {0};
        int r;

        r = keys_refresh(&request->frontend->keys);
        if (r < 0)
                return r;
        if (!is_path_of_issuer(request->parameter, keys->keyset->table.issuer))
                return request_refuse(request, 404, "not_found", "this is not the issuer's path");
        json_begin_object(&body);
        add_metadata(&body, &keys->keyset->table);
        return request_reply_tagged(request, &reply, &body);
}
