/* A compact JWS (RFC 7515 5.2): apart, its header, its key, its signature, and only then what it
 * says. */
#include "jws.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/compact.h"
#include "../../common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

void jws_clear(struct jws *jws) {
        json_decref(jws->header);
        json_decref(jws->claims);
        free(jws->payload);
        *jws = (struct jws){NULL};
}

/* What is being looked at. */
struct check {
        const struct jwks *jwks;
        const struct jws_expectation *expect;
        struct compact parts;
        struct jws *jws;
        struct finding *finding;
};

static bool part_decode(struct text part, uint8_t **ret, size_t *ret_len) {
        _cleanup_(freep) uint8_t *bytes = malloc(part.len + 1);

        if (!bytes || base64url_decode(part, bytes, part.len, ret_len) < 0)
                return false;
        *ret = take(bytes);
        return true;
}

/* RFC 7515 4: a name twice makes it none. */
static json_t *object_read(const uint8_t *bytes, size_t len) {
        json_error_t ignored;
        json_t *json = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, &ignored);

        if (json_is_object(json))
                return json;
        json_decref(json);
        return NULL;
}

static const char *header_text(const struct check *check, const char *name) {
        return json_string_value(json_object_get(check->jws->header, name));
}

/* RFC 7515 4.1.9: a media type, whose "application/" may be left out, and whose case is nothing. */
static const char *type_name(const char *type) {
        static const char lead[] = "application/";

        return strncasecmp(type, lead, sizeof lead - 1) == 0 ? type + sizeof lead - 1 : type;
}

static bool types_are_equal(const char *one, const char *other) {
        return strcasecmp(type_name(one), type_name(other)) == 0;
}

/* ---- the steps: each gives true to go on, or says what was found ---- */

static bool header_decode(struct check *check) {
        _cleanup_(freep) uint8_t *bytes = NULL;
        size_t len = 0;

        if (!part_decode(check->parts.header, &bytes, &len))
                return found(check->finding, JWS_MALFORMED, "the header is not base64url");
        check->jws->header = object_read(bytes, len);
        if (!check->jws->header)
                return found(check->finding, JWS_MALFORMED,
                             "the header is no JSON object, or has a name twice");
        return true;
}

static bool header_types_judge(struct check *check) {
        static const char *const texts[] = {"alg", "kid", "typ", "cty"};
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++) {
                const json_t *member = json_object_get(check->jws->header, texts[i]);

                if (member && !json_is_string(member))
                        return found(check->finding, JWS_MALFORMED, "the header's %s is no text",
                                     texts[i]);
        }
        return header_text(check, "alg") ||
               found(check->finding, JWS_MALFORMED, "the header has no alg");
}

/* RFC 7515 4.1.11; and RFC 7797 6: b64 would change what is signed. */
static bool extensions_judge(struct check *check) {
        const json_t *header = check->jws->header;

        if (!json_object_get(header, "crit") && !json_object_get(header, "b64"))
                return true;
        return found(check->finding, JWS_MALFORMED,
                     "the header asks for an extension (crit, b64), and none is known");
}

static bool payload_decode(struct check *check) {
        if (part_decode(check->parts.payload, &check->jws->payload, &check->jws->payload_len))
                return true;
        return found(check->finding, JWS_MALFORMED, "the payload is not base64url");
}

static bool algorithm_judge(struct check *check) {
        const char *alg = header_text(check, "alg");

        if (algorithm_of_name(text_of(alg)) != KEY_NONE)
                return true;
        return found(check->finding, JWS_WRONG_ALGORITHM,
                     "alg is %s, which is none of ES256, RS256, EdDSA and HS256",
                     log_escape(text_of(alg)).text);
}

/* RFC 8725 3.11. */
static bool type_judge(struct check *check) {
        const char *wanted = check->expect->type, *typ = header_text(check, "typ");

        if (!wanted || (typ && types_are_equal(typ, wanted)))
                return true;
        return found(check->finding, JWS_WRONG_TYPE, "typ is %s",
                     typ ? log_escape(text_of(typ)).text : "absent");
}

static bool claims_decode(struct check *check) {
        struct jws *jws = check->jws;

        if (check->expect->raw)
                return true;
        jws->claims = object_read(jws->payload, jws->payload_len);
        if (!jws->claims)
                return found(check->finding, JWS_MALFORMED,
                             "the payload is no JSON object, or has a name twice: with --raw it "
                             "may be anything");
        return jws_claims_judge(jws->claims, check->expect, check->finding);
}

/* ---- the key and its signature ---- */

static bool signature_decode(struct check *check, uint8_t ret[SIGNATURE_MAX], size_t *ret_len) {
        int r = base64url_decode(check->parts.signature, ret, SIGNATURE_MAX, ret_len);

        if (r == -EINVAL)
                return found(check->finding, JWS_MALFORMED, "the signature is not base64url");
        if (r < 0)
                return found(check->finding, JWS_BAD_SIGNATURE, "the signature is too long");
        return true;
}

/* A key without a kid is for every token that its algorithm fits. */
static bool kid_fits(const struct jwk *jwk, const char *kid) {
        return !kid || !jwk->kid || strcmp(jwk->kid, kid) == 0;
}

/* The first key from `at` on that the header does not exclude; NULL: there is none. */
static const struct jwk *key_find(const struct check *check, const struct jwk *at) {
        enum key_algorithm algorithm = algorithm_of_name(text_of(header_text(check, "alg")));
        const char *kid = header_text(check, "kid");

        for (; at < check->jwks->keys + check->jwks->count; at++)
                if (at->algorithm == algorithm && kid_fits(at, kid))
                        return at;
        return NULL;
}

static bool no_key(struct check *check) {
        const char *kid = header_text(check, "kid");
        size_t i;

        for (i = 0; i < check->jwks->count; i++)
                if (kid_fits(&check->jwks->keys[i], kid))
                        return found(check->finding, JWS_WRONG_ALGORITHM,
                                     "alg is %s, and the key is for %s", header_text(check, "alg"),
                                     algorithm_name(check->jwks->keys[i].algorithm));
        return found(check->finding, JWS_UNKNOWN_KEY, "no key at hand has the kid %s",
                     log_escape(text_of(kid)).text);
}

/* RFC 7515 5.2 and appendix D: every key that may be it is tried. */
static bool signature_judge(struct check *check) {
        const struct jwk *jwk = key_find(check, check->jwks->keys);
        uint8_t signature[SIGNATURE_MAX];
        bool is_good = false;
        size_t len;

        if (!signature_decode(check, signature, &len))
                return false;
        if (!jwk)
                return no_key(check);
        for (; jwk && !is_good; jwk = key_find(check, jwk + 1))
                if (signature_check(jwk->algorithm, jwk->key, check->parts.signed_bytes, signature,
                                    len, &is_good) < 0)
                        return found(check->finding, JWS_UNUSABLE_KEY,
                                     "there is not enough memory");
        return is_good || found(check->finding, JWS_BAD_SIGNATURE,
                                "the signature is not one of this key over these bytes");
}

static bool (*const steps[])(struct check *check) = {
        header_decode,   header_types_judge, extensions_judge, payload_decode,
        algorithm_judge, signature_judge,    type_judge,       claims_decode,
};

void jws_verify(const struct jwks *jwks, struct text token, const struct jws_expectation *expect,
                struct jws *ret, struct finding *ret_finding) {
        struct check check = {.jwks = jwks, .expect = expect, .jws = ret, .finding = ret_finding};
        size_t i;

        *ret = (struct jws){NULL};
        if (!compact_split(token, &check.parts)) {
                found(ret_finding, JWS_MALFORMED, "it has not three parts with dots between them");
                return;
        }
        for (i = 0; i < ELEMENTS(steps); i++)
                if (!steps[i](&check))
                        return;
        found(ret_finding, JWS_VALID, "%s", "");
}
