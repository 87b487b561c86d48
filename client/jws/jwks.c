/* Keys from the bytes of a file. Of those bytes nothing is repeated in a sentence but a kid: they
 * may be secrets. */
#include "jwks.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

#include <errno.h>
#include <stdlib.h>

/* The `k` of oct keys. */
static void secrets_wipe(const json_t *json) {
        const json_t *keys = json_object_get(json, "keys");
        size_t i;

        json_wipe_string(json_object_get(json, "k"));
        for (i = 0; i < json_array_size(keys); i++)
                json_wipe_string(json_object_get(json_array_get(keys, i), "k"));
}

void jwks_free(struct jwks *jwks) {
        size_t i;

        if (!jwks)
                return;
        for (i = 0; i < jwks->count; i++)
                jwk_clear(&jwks->keys[i]);
        secrets_wipe(jwks->json);
        json_decref(jwks->json);
        free(jwks);
}

static bool json_read(struct text text, json_t **ret, struct finding *finding) {
        json_error_t error;
        json_t *json = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &error);

        if (!json)
                return found(finding, JWS_UNUSABLE_KEY,
                             "it is no JSON, or has a name twice (line %d, column %d)", error.line,
                             error.column);
        *ret = json;
        return true;
}

/* RFC 7517 4.5: which of the two was meant, nobody could tell. */
static const struct jwk *twin_find(const struct jwks *jwks, const struct jwk *jwk) {
        const struct jwk *one;

        for (one = jwks->keys; one < jwk; one++)
                if (jwk->kid && one->kid && one->algorithm == jwk->algorithm &&
                    strcmp(one->kid, jwk->kid) == 0)
                        return one;
        return NULL;
}

/* What cannot be used is remembered for the case that nothing else is there. */
static bool key_add(const json_t *json, struct jwks *jwks, struct finding *finding) {
        struct jwk *jwk = &jwks->keys[jwks->count];
        const char *fault = jwk_read(json, jwk);

        if (fault) {
                jwks->fault = jwks->fault ? jwks->fault : fault;
                return true;
        }
        jwks->count++;
        if (twin_find(jwks, jwk))
                return found(finding, JWS_UNUSABLE_KEY, "two keys for %s have the kid %s",
                             algorithm_name(jwk->algorithm), log_escape(text_of(jwk->kid)).text);
        return true;
}

static bool set_read(struct jwks *jwks, struct finding *finding) {
        const json_t *keys = json_object_get(jwks->json, "keys");
        size_t i;

        if (!json_is_array(keys))
                return found(finding, JWS_UNUSABLE_KEY, "it is no set: it has no list \"keys\"");
        if (json_array_size(keys) > JWKS_KEYS_MAX)
                return found(finding, JWS_UNUSABLE_KEY, "it has more than %d keys", JWKS_KEYS_MAX);
        for (i = 0; i < json_array_size(keys); i++)
                if (!key_add(json_array_get(keys, i), jwks, finding))
                        return false;
        return true;
}

static bool keys_read(struct jwks *jwks, bool is_set, struct finding *finding) {
        if (is_set)
                return set_read(jwks, finding);
        if (json_object_get(jwks->json, "keys"))
                return found(finding, JWS_UNUSABLE_KEY, "it is a set of keys, not one: --jwks");
        return key_add(jwks->json, jwks, finding);
}

struct jwks *jwks_read(struct text text, bool is_set, struct finding *ret_finding) {
        _cleanup_(jwks_freep) struct jwks *jwks = calloc(1, sizeof *jwks);

        if (!jwks) {
                found(ret_finding, JWS_UNUSABLE_KEY, "there is not enough memory");
                return NULL;
        }
        if (!json_read(text, &jwks->json, ret_finding) || !keys_read(jwks, is_set, ret_finding))
                return NULL;
        if (jwks->count == 0) {
                found(ret_finding, JWS_UNUSABLE_KEY, "%s",
                      jwks->fault ? jwks->fault : "there is no key in it");
                return NULL;
        }
        return take(jwks);
}
