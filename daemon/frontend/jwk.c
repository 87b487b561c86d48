/* A published key as RFC 7517 writes one: the members that its type has, and what all have. */
#include "jwk.h"

#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"

#define COORDINATE_LEN 32 /* of P-256 */
#define EXPONENT_LEN   4  /* of RS256, with leading zeros */

static void add_bytes(struct json *object, const char *name, const uint8_t *bytes, size_t len) {
        char text[BASE64URL_LEN(PAGE_PUBLIC_MAX) + 1];

        base64url_encode(bytes, len, text);
        json_add_text(object, name, text_of(text));
}

/* RFC 7518 6.2.1. */
static void add_point(struct json *object, const struct page_key *key) {
        json_add_text(object, "kty", TEXT("EC"));
        json_add_text(object, "crv", TEXT("P-256"));
        add_bytes(object, "x", key->public_key, COORDINATE_LEN);
        add_bytes(object, "y", key->public_key + COORDINATE_LEN, COORDINATE_LEN);
}

/* RFC 7518 6.3.1: the exponent in as few bytes as it takes. */
static void add_modulus(struct json *object, const struct page_key *key) {
        size_t modulus = key->public_len - EXPONENT_LEN, zeros = 0;

        while (zeros < EXPONENT_LEN - 1 && key->public_key[modulus + zeros] == 0)
                zeros++;
        json_add_text(object, "kty", TEXT("RSA"));
        add_bytes(object, "n", key->public_key, modulus);
        add_bytes(object, "e", key->public_key + modulus + zeros, EXPONENT_LEN - zeros);
}

/* RFC 8037 2. */
static void add_octets(struct json *object, const struct page_key *key) {
        json_add_text(object, "kty", TEXT("OKP"));
        json_add_text(object, "crv", TEXT("Ed25519"));
        add_bytes(object, "x", key->public_key, key->public_len);
}

/* keyset_load() has accepted the key, so its bytes are as many as its algorithm has. */
static void (*const adds[KEY_ALGORITHM_COUNT])(struct json *object, const struct page_key *key) = {
        [KEY_ES256] = add_point,
        [KEY_RS256] = add_modulus,
        [KEY_EDDSA] = add_octets,
};

void jwk_to_json(const struct page_key *key, struct json *ret) {
        json_begin_object(ret);
        adds[key->algorithm](ret, key);
        json_add_text(ret, "kid", text_of(key->kid));
        json_add_text(ret, "use", TEXT("sig"));
        json_add_text(ret, "alg", text_of(algorithm_name(key->algorithm)));
}
