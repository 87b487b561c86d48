/* A key from its JSON. What is said about the key (kty, use, key_ops, alg) is judged before its
 * numbers are looked at, and those by the decoder that our own published keys go through. */
#include "jwk.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"

#include <errno.h>

#define COORDINATE_LEN 32
#define SECRET_LEAST   32 /* RFC 7518 3.2: no shorter than the digest */
#define SECRET_MOST    1024

static const char no_memory[] = "there is not enough memory for it";
static const char bad_number[] =
        "a number in it is missing, or is not spelled as base64url of its full length";

/* The bytes of a member. 0; -EBADMSG: no text, or not the one spelling of base64url; -ENOSPC: more
 * than `size` of them. */
static int member_bytes(const json_t *json, const char *name, uint8_t *ret, size_t size,
                        size_t *ret_len) {
        const json_t *member = json_object_get(json, name);
        struct text text = {json_string_value(member), json_string_length(member)};
        int r;

        if (!json_is_string(member))
                return -EBADMSG;
        r = base64url_decode(text, ret, size, ret_len);
        return r == -EINVAL ? -EBADMSG : r;
}

static bool has_bytes(const json_t *json, const char *name, uint8_t *ret, size_t len) {
        size_t got;

        return member_bytes(json, name, ret, len, &got) == 0 && got == len;
}

/* RFC 7518 6.2.1. */
static const char *ec_read(const json_t *json, EVP_PKEY **ret) {
        uint8_t point[2 * COORDINATE_LEN];

        if (!has_bytes(json, "x", point, COORDINATE_LEN) ||
            !has_bytes(json, "y", point + COORDINATE_LEN, COORDINATE_LEN))
                return bad_number;
        return public_key_decode(KEY_ES256, point, sizeof point, ret) < 0
                       ? "its point is not on the curve"
                       : NULL;
}

/* RFC 8037 2. */
static const char *okp_read(const json_t *json, EVP_PKEY **ret) {
        uint8_t point[COORDINATE_LEN];

        if (!has_bytes(json, "x", point, sizeof point))
                return bad_number;
        return public_key_decode(KEY_EDDSA, point, sizeof point, ret) < 0 ? no_memory : NULL;
}

/* RFC 7518 6.3.1.1: as few bytes as it takes. */
static const char *modulus_read(const json_t *json, uint8_t ret[RSA_MODULUS_MOST],
                                size_t *ret_len) {
        int r = member_bytes(json, "n", ret, RSA_MODULUS_MOST, ret_len);

        if (r == -ENOSPC)
                return "its modulus has more than 4096 bits";
        if (r < 0 || *ret_len == 0 || ret[0] == 0)
                return bad_number;
        return *ret_len < RSA_MODULUS_LEAST
                       ? "its modulus has fewer than 2048 bits: that is too weak"
                       : NULL;
}

/* RFC 7518 6.3.1.2. In four bytes, as a page has it. */
static const char *exponent_read(const json_t *json, uint8_t ret[RSA_EXPONENT_LEN]) {
        uint8_t bytes[RSA_EXPONENT_LEN];
        size_t len = 0;
        int r = member_bytes(json, "e", bytes, sizeof bytes, &len);

        if (r == -ENOSPC)
                return "its exponent has more than 32 bits";
        if (r < 0 || len == 0 || bytes[0] == 0)
                return bad_number;
        memset(ret, 0, RSA_EXPONENT_LEN);
        memcpy(ret + RSA_EXPONENT_LEN - len, bytes, len);
        return NULL;
}

static const char *rsa_read(const json_t *json, EVP_PKEY **ret) {
        uint8_t bytes[RSA_MODULUS_MOST + RSA_EXPONENT_LEN];
        const char *fault;
        size_t len = 0;

        fault = modulus_read(json, bytes, &len);
        if (!fault)
                fault = exponent_read(json, bytes + len);
        if (fault)
                return fault;
        return public_key_decode(KEY_RS256, bytes, len + RSA_EXPONENT_LEN, ret) < 0
                       ? "its exponent is even or below 65537, or its modulus is even or of a "
                         "length that is no multiple of 8 bits"
                       : NULL;
}

/* RFC 7518 6.4. */
static const char *oct_read(const json_t *json, EVP_PKEY **ret) {
        uint8_t secret[SECRET_MOST];
        const char *fault = NULL;
        size_t len = 0;
        int r = member_bytes(json, "k", secret, sizeof secret, &len);

        if (r < 0)
                fault = r == -ENOSPC ? "its secret is longer than 1024 bytes" : bad_number;
        else if (len < SECRET_LEAST)
                fault = "its secret is shorter than 32 bytes: that is too weak";
        else
                *ret = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, len);
        explicit_bzero(secret, sizeof secret);
        return fault || *ret ? fault : no_memory;
}

struct kind {
        const char *kty, *crv; /* crv NULL: it has no curves */
        enum key_algorithm algorithm;
        const char *(*read)(const json_t *json, EVP_PKEY **ret);
};

static const struct kind kinds[] = {
        {"EC", "P-256", KEY_ES256, ec_read},
        {"RSA", NULL, KEY_RS256, rsa_read},
        {"OKP", "Ed25519", KEY_EDDSA, okp_read},
        {"oct", NULL, KEY_HS256, oct_read},
};

static bool member_is(const json_t *json, const char *name, const char *text) {
        const char *value = json_string_value(json_object_get(json, name));

        return value && strcmp(value, text) == 0;
}

static const struct kind *kind_find(const json_t *json) {
        size_t i;

        for (i = 0; i < ELEMENTS(kinds); i++)
                if (member_is(json, "kty", kinds[i].kty))
                        return &kinds[i];
        return NULL;
}

/* ---- what is said about a key; each gives NULL or what is wrong ---- */

static const char *kty_judge(const json_t *json, const struct kind *kind) {
        if (!json_is_object(json))
                return "it is no JSON object";
        if (!json_is_string(json_object_get(json, "kty")))
                return "it has no kty";
        if (!kind)
                return "its kty is none of EC, RSA, OKP and oct";
        if (kind->crv && !member_is(json, "crv", kind->crv))
                return "its crv is not P-256 for EC, or Ed25519 for OKP";
        return NULL;
}

/* The members of RFC 7518 6.2.2 and 6.3.2, and of RFC 8037 2. */
static const char *private_judge(const json_t *json, const struct kind *kind) {
        static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};
        size_t i;

        (void)kind;
        for (i = 0; i < ELEMENTS(members); i++)
                if (json_object_get(json, members[i]))
                        return "it is a private key: who checks takes its public half alone";
        return NULL;
}

static const char *use_judge(const json_t *json, const struct kind *kind) {
        (void)kind;
        if (!json_object_get(json, "use") || member_is(json, "use", "sig"))
                return NULL;
        return "its use is not sig";
}

static bool array_has(const json_t *array, size_t before, const char *word) {
        size_t i;

        for (i = 0; i < before; i++) {
                const char *one = json_string_value(json_array_get(array, i));

                if (one && strcmp(one, word) == 0)
                        return true;
        }
        return false;
}

/* RFC 7517 4.3: words, none of them twice. */
static const char *key_ops_judge(const json_t *json, const struct kind *kind) {
        const json_t *operations = json_object_get(json, "key_ops");
        size_t i, count = json_array_size(operations);
        const char *word;

        (void)kind;
        if (!operations)
                return NULL;
        for (i = 0; i < count; i++) {
                word = json_string_value(json_array_get(operations, i));
                if (!word || array_has(operations, i, word))
                        return "its key_ops has a word twice, or what is no word";
        }
        return array_has(operations, count, "verify") ? NULL : "its key_ops does not have verify";
}

static const char *alg_judge(const json_t *json, const struct kind *kind) {
        if (!json_object_get(json, "alg") ||
            member_is(json, "alg", algorithm_name(kind->algorithm)))
                return NULL;
        return "its alg is another than its kty has here: ES256 for EC, RS256 for RSA, EdDSA for "
               "OKP, HS256 for oct";
}

static const char *kid_judge(const json_t *json, const struct kind *kind) {
        const json_t *kid = json_object_get(json, "kid");

        (void)kind;
        return kid && !json_is_string(kid) ? "its kid is no text" : NULL;
}

static const char *(*const judges[])(const json_t *json, const struct kind *kind) = {
        kty_judge, private_judge, use_judge, key_ops_judge, alg_judge, kid_judge,
};

void jwk_clear(struct jwk *jwk) {
        EVP_PKEY_free(jwk->key);
        jwk->key = NULL;
}

const char *jwk_read(const json_t *json, struct jwk *ret) {
        const struct kind *kind = kind_find(json);
        const char *fault;
        size_t i;

        for (i = 0; i < ELEMENTS(judges); i++) {
                fault = judges[i](json, kind);
                if (fault)
                        return fault;
        }
        ret->kid = json_string_value(json_object_get(json, "kid"));
        ret->algorithm = kind->algorithm;
        return kind->read(json, &ret->key);
}
