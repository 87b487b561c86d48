/* From a JWK set to PEM. What a key says of itself and its numbers are judged by the code that
 * judges the keys a person hands to `jeton verify`. */
#include "keys.h"

#include "../../client/jws/jwk.h"
#include "../../common/cleanup.h"

#include <openssl/pem.h>

static const char no_memory[] = "there is not enough memory for it";

static void key_clear(struct outside_key *key) {
        free(key->kid);
        free(key->pem);
}

void outside_keys_free(struct outside_keys *keys) {
        size_t i;

        if (!keys)
                return;
        for (i = 0; i < keys->count; i++)
                key_clear(&keys->at[i]);
        free(keys);
}

static void bio_freep(BIO **bio) {
        BIO_free(*bio);
}

static int pem_write(EVP_PKEY *key, char **ret) {
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        char *bytes, *pem;
        long len;

        if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1)
                return -ENOMEM;
        len = BIO_get_mem_data(bio, &bytes);
        pem = strndup(bytes, (size_t)len);
        if (!pem)
                return -ENOMEM;
        *ret = pem;
        return 0;
}

static int key_keep(const struct jwk *jwk, struct outside_keys *keys) {
        struct outside_key key = {.kid = jwk->kid ? strdup(jwk->kid) : NULL};
        int r = jwk->kid && !key.kid ? -ENOMEM : pem_write(jwk->key, &key.pem);

        if (r < 0)
                key_clear(&key);
        else
                keys->at[keys->count++] = key;
        return r;
}

static bool has_kid(const struct outside_keys *keys, const char *kid) {
        size_t i;

        for (i = 0; kid && i < keys->count; i++)
                if (keys->at[i].kid && strcmp(keys->at[i].kid, kid) == 0)
                        return true;
        return false;
}

static const char *key_add(const json_t *json, enum key_algorithm algorithm,
                           struct outside_keys *keys) {
        _cleanup_(jwk_clear) struct jwk jwk = {NULL};

        if (jwk_read(json, &jwk) || jwk.algorithm != algorithm)
                return NULL;
        if (has_kid(keys, jwk.kid))
                return "two of its keys have one kid";
        return key_keep(&jwk, keys) < 0 ? no_memory : NULL;
}

static const char *set_read(const json_t *set, enum key_algorithm algorithm,
                            struct outside_keys *keys) {
        const json_t *list = json_object_get(set, "keys");
        const char *fault = NULL;
        size_t i;

        if (!json_is_array(list))
                return "it is no JWK set: it has no list \"keys\"";
        if (json_array_size(list) > OUTSIDE_KEYS_MAX)
                return "it has more than 100 keys";
        for (i = 0; !fault && i < json_array_size(list); i++)
                fault = key_add(json_array_get(list, i), algorithm, keys);
        if (!fault && keys->count == 0)
                fault = "it has no key of the configured algorithm that can be used";
        return fault;
}

static void json_freep(json_t **json) {
        json_decref(*json);
}

const char *outside_keys_read(enum key_algorithm algorithm, struct text text,
                              struct outside_keys **ret) {
        _cleanup_(outside_keys_freep) struct outside_keys *keys = calloc(1, sizeof *keys);
        _cleanup_(json_freep) json_t *set = NULL;
        const char *fault;

        if (!keys)
                return no_memory;
        set = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(set))
                return "it is no JSON object, or has a name twice";
        fault = set_read(set, algorithm, keys);
        if (!fault)
                *ret = take(keys);
        return fault;
}

const struct outside_key *outside_keys_find(const struct outside_keys *keys, struct text kid) {
        size_t i;

        if (!kid.p)
                return keys->count == 1 ? &keys->at[0] : NULL;
        for (i = 0; i < keys->count; i++)
                if (keys->at[i].kid && text_is(text_of(keys->at[i].kid), kid))
                        return &keys->at[i];
        return NULL;
}
