/* The steps, in an order in which nothing counts that was not looked at before:
 *
 *         parts_decode()       three parts, each in its one spelling of base64url
 *         header_judge()       what it may not ask for
 *         issuer_find()        whose it says it is: that picks the settings, and proves nothing
 *         algorithm_judge()    the issuer's, whatever the header would like
 *         key_find()           one of his keys
 *         signature_judge()    libjwt's word, and the algorithm that it went by
 *         outside_claims_judge()
 *
 * libjwt 1.x takes the algorithm from the token, so that it verifies an HMAC whose secret is the
 * public key's text; it skips foreign bytes in base64, lets the last of two members of one name
 * win, and looks at no claim. Each of that is settled here before it is asked. */
#include "token.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/compact.h"
#include "../../common/jwt/signature.h"
#include "claims.h"
#include "signature.h"

#include <jansson.h>
#include <strings.h>

struct check {
        const struct outside_issuers *issuers;
        const struct outside_clock *clock;
        struct text token;
        struct compact parts;
        json_t *header, *claims; /* owned */
        size_t index;
        const struct outside_issuer *issuer;
        const struct outside_key *key;
        struct outside_token *token_out;
};

static void check_clear(struct check *check) {
        json_decref(check->header);
        json_decref(check->claims);
}

/* RFC 7515 4 and RFC 7519 4: a name twice makes it none. */
static json_t *object_decode(struct text part) {
        _cleanup_(freep) char *bytes = malloc(part.len + 1);
        json_t *json;
        size_t len;

        if (!bytes || base64url_decode(part, bytes, part.len, &len) < 0)
                return NULL;
        json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(json))
                return json;
        json_decref(json);
        return NULL;
}

/* ---- the steps ---- */

static enum outside_verdict parts_decode(struct check *check) {
        uint8_t signature[SIGNATURE_MAX];
        size_t len;

        if (check->token.len > TOKEN_MAX || !compact_split(check->token, &check->parts) ||
            base64url_decode(check->parts.signature, signature, sizeof signature, &len) < 0)
                return OUTSIDE_MALFORMED;
        check->header = object_decode(check->parts.header);
        check->claims = object_decode(check->parts.payload);
        return check->header && check->claims ? OUTSIDE_VALID : OUTSIDE_MALFORMED;
}

/* A member of the header that is a text; NULL: it is absent, or none. */
static const char *header_text(const struct check *check, const char *name) {
        return json_string_value(json_object_get(check->header, name));
}

static bool is_absent_or_text(const struct check *check, const char *name) {
        const json_t *member = json_object_get(check->header, name);

        return !member || json_is_string(member);
}

/* RFC 7515 4.1.11: no extension is known; RFC 7797: b64 would change what is signed; RFC 8725 3.10:
 * nobody brings his key along; RFC 7519 5.2 and 7.2: no token within a token. */
static enum outside_verdict header_judge(struct check *check) {
        static const char *const never[] = {"crit", "b64", "zip", "cty", "jwk",
                                            "jku",  "x5u", "x5c", "enc"};
        const char *typ = header_text(check, "typ");
        size_t i;

        for (i = 0; i < ELEMENTS(never); i++)
                if (json_object_get(check->header, never[i]))
                        return OUTSIDE_HEADER;
        if (!is_absent_or_text(check, "typ") || !is_absent_or_text(check, "kid") ||
            !header_text(check, "alg"))
                return OUTSIDE_HEADER;
        /* RFC 8725 3.11: an access token (at+jwt) or a logout token is no ID token. */
        return typ && strcasecmp(typ, "JWT") != 0 ? OUTSIDE_HEADER : OUTSIDE_VALID;
}

static enum outside_verdict issuer_find(struct check *check) {
        const json_t *iss = json_object_get(check->claims, "iss");
        struct text said = {json_string_value(iss), json_string_length(iss)};
        size_t i;

        for (i = 0; json_is_string(iss) && i < check->issuers->count; i++)
                if (text_is(text_of(check->issuers->at[i].url), said)) {
                        check->index = i;
                        check->issuer = &check->issuers->at[i];
                        return OUTSIDE_VALID;
                }
        return OUTSIDE_ISSUER;
}

/* To the letter, and before libjwt sees it. */
static enum outside_verdict algorithm_judge(struct check *check) {
        const json_t *alg = json_object_get(check->header, "alg");
        struct text said = {json_string_value(alg), json_string_length(alg)};

        return text_is(said, text_of(algorithm_name(check->issuer->algorithm))) ? OUTSIDE_VALID
                                                                                : OUTSIDE_ALGORITHM;
}

static enum outside_verdict key_find(struct check *check) {
        const json_t *kid = json_object_get(check->header, "kid");
        struct text said = {json_string_value(kid), json_string_length(kid)};

        if (check->issuer->keys)
                check->key = outside_keys_find(check->issuer->keys, said);
        return check->key ? OUTSIDE_VALID : OUTSIDE_KEY;
}

static enum outside_verdict signature_judge(struct check *check) {
        return outside_signature_is_good(check->issuer->algorithm, check->key, check->token)
                       ? OUTSIDE_VALID
                       : OUTSIDE_SIGNATURE;
}

static enum outside_verdict claims_judge(struct check *check) {
        return outside_claims_judge(check->claims, check->issuer, check->clock, check->token_out);
}

static enum outside_verdict (*const steps[])(struct check *check) = {
        parts_decode, header_judge,    issuer_find,  algorithm_judge,
        key_find,     signature_judge, claims_judge,
};

enum outside_verdict outside_token_check(const struct outside_issuers *issuers, struct text token,
                                         const struct outside_clock *clock,
                                         struct outside_token *ret) {
        struct outside_token found = {.sub = ""};
        _cleanup_(check_clear) struct check check = {
                .issuers = issuers, .clock = clock, .token = token, .token_out = &found};
        enum outside_verdict verdict;
        size_t i;

        for (i = 0; i < ELEMENTS(steps); i++) {
                verdict = steps[i](&check);
                if (verdict != OUTSIDE_VALID)
                        return verdict;
        }
        found.issuer = (uint8_t)check.index;
        *ret = found;
        return OUTSIDE_VALID;
}
