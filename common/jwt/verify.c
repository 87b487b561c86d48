/* One token, one verdict. Each step gives the next one less to distrust; nothing behind a step that
 * says no is looked at. */
#include "verify.h"

#include "base64url.h"
#include "compact.h"
#include "signature.h"

#include "../cleanup.h"

#include <errno.h>
#include <stddef.h>

static bool kind_is_expected(enum token_kind kind, const struct expectation *expect) {
        return (kind == TOKEN_KIND_TICKET) == expect->ticket;
}

/* Which of our keys, if any, has a header of exactly these bytes. A key of every state will do, a
 * prepared one too: it may have become active since our copy of the page was made. */
static const struct trusted_key *key_find(const struct keyset *keyset, struct text header,
                                          const struct expectation *expect,
                                          enum token_kind *ret_kind) {
        const struct trusted_key *key;
        enum token_kind kind;

        for (key = keyset->keys; key < keyset->keys + keyset->count; key++)
                for (kind = 0; kind < TOKEN_KIND_COUNT; kind++)
                        if (kind_is_expected(kind, expect) &&
                            text_is(header, text_of(key->headers[kind]))) {
                                *ret_kind = kind;
                                return key;
                        }
        return NULL;
}

/* A token apart, and the key and kind that its header names. */
struct opened {
        struct compact parts;
        const struct trusted_key *key;
        enum token_kind kind;
};

static bool token_open(const struct keyset *keyset, struct text token,
                       const struct expectation *expect, struct opened *ret) {
        /* A longer token than we make is not ours, and costs nothing more. */
        if (token.len > TOKEN_MAX || !compact_split(token, &ret->parts))
                return false;
        ret->key = key_find(keyset, ret->parts.header, expect, &ret->kind);
        return ret->key != NULL;
}

static int parts_are_signed(const struct trusted_key *key, const struct compact *parts, bool *ret) {
        uint8_t signature[SIGNATURE_MAX];
        size_t len;

        *ret = false;
        if (base64url_decode(parts->signature, signature, sizeof signature, &len) < 0)
                return 0;
        return signature_check(key->algorithm, key->public_key, parts->signed_bytes, signature, len,
                               ret);
}

/* The same for a token that may have been seen before. What is remembered is of this keyset's keys,
 * and of a token to its last byte: so its header names the same key as then. */
static int token_is_signed(const struct keyset *keyset, struct text token,
                           const struct opened *opened, bool *ret) {
        struct verified *verified = keyset->verified;
        struct token_digest digest;
        int r;

        if (!verified)
                return parts_are_signed(opened->key, &opened->parts, ret);
        r = verified_digest(verified, token, &digest);
        if (r < 0)
                return r;
        *ret = verified_has(verified, &digest);
        if (*ret)
                return 0;
        r = parts_are_signed(opened->key, &opened->parts, ret);
        if (r == 0 && *ret)
                verified_add(verified, &digest);
        return r;
}

static bool payload_read(struct text payload, struct claims *ret) {
        char json[CLAIMS_JSON_MAX];
        size_t len;

        return base64url_decode(payload, json, sizeof json, &len) == 0 &&
               claims_read((struct text){json, len}, ret) == 0;
}

enum {
        IN_ACCESS = 1 << 0,
        IN_TICKET = 1 << 1,
};

/* The strings that a token of each kind must have: RFC 9068 2.2, and docs/protocol.md for tickets.
 */
static const struct {
        size_t offset; /* in struct claims */
        unsigned in;
} required[] = {
        {offsetof(struct claims, iss), IN_ACCESS | IN_TICKET},
        {offsetof(struct claims, sub), IN_ACCESS | IN_TICKET},
        {offsetof(struct claims, aud), IN_ACCESS | IN_TICKET},
        {offsetof(struct claims, jti), IN_ACCESS | IN_TICKET},
        {offsetof(struct claims, client_id), IN_ACCESS},
        {offsetof(struct claims, username), IN_TICKET},
        {offsetof(struct claims, nonce), IN_TICKET},
        {offsetof(struct claims, service), IN_TICKET},
        {offsetof(struct claims, phase), IN_TICKET},
        {offsetof(struct claims, verdict), IN_TICKET},
};

static bool claims_are_complete(const struct claims *claims, enum token_kind kind) {
        unsigned in = kind == TOKEN_KIND_TICKET ? IN_TICKET : IN_ACCESS;
        size_t i;

        for (i = 0; i < ELEMENTS(required); i++)
                if ((required[i].in & in) && ((const char *)claims)[required[i].offset] == '\0')
                        return false;
        return claims->exp > 0 && claims->iat > 0 && (claims->has_uid || in != IN_TICKET);
}

static bool has_audience(const struct claims *claims, const char *audience) {
        return !audience || text_list_has(text_of(claims->aud), text_of(audience));
}

static enum verdict claims_judge(const struct keyset *keyset, const struct claims *claims,
                                 const struct expectation *expect) {
        if (!text_is(text_of(claims->iss), text_of(keyset->table.issuer)))
                return VERDICT_WRONG_ISSUER;
        if (expect->now >= claims->exp + expect->leeway)
                return VERDICT_EXPIRED;
        if (claims->iat > expect->now + expect->leeway)
                return VERDICT_NOT_YET;
        if (!has_audience(claims, expect->audience))
                return VERDICT_WRONG_AUDIENCE;
        return VERDICT_VALID;
}

static int invalid(enum verdict *ret_verdict, struct claims *ret_claims) {
        memset(ret_claims, 0, sizeof *ret_claims);
        *ret_verdict = VERDICT_INVALID;
        return 0;
}

/* Last of all: a token that is not good anyway needs no look-up. */
static int revocations_apply(const struct revocations *revocations, const struct claims *claims,
                             enum verdict *verdict) {
        bool is_revoked;
        int r;

        if (*verdict != VERDICT_VALID)
                return 0;
        *verdict = VERDICT_INVALID;
        r = revocations_judge(revocations, claims, &is_revoked);
        if (r == 0)
                *verdict = is_revoked ? VERDICT_REVOKED : VERDICT_VALID;
        return r;
}

/* What is signed is read, and only that. */
static int opened_judge(const struct keyset *keyset, const struct revocations *revocations,
                        const struct opened *opened, const struct expectation *expect,
                        enum verdict *ret_verdict, struct claims *ret_claims) {
        if (!payload_read(opened->parts.payload, ret_claims) ||
            !claims_are_complete(ret_claims, opened->kind))
                return invalid(ret_verdict, ret_claims);
        *ret_verdict = claims_judge(keyset, ret_claims, expect);
        return revocations_apply(revocations, ret_claims, ret_verdict);
}

int token_verify(const struct keyset *keyset, const struct revocations *revocations,
                 struct text token, const struct expectation *expect, enum verdict *ret_verdict,
                 struct claims *ret_claims) {
        struct opened opened;
        bool is_signed;
        int r;

        if (!token_open(keyset, token, expect, &opened))
                return invalid(ret_verdict, ret_claims);
        if (!opened.key->public_key) {
                memset(ret_claims, 0, sizeof *ret_claims);
                *ret_verdict = VERDICT_ASK;
                return 0;
        }
        r = token_is_signed(keyset, token, &opened, &is_signed);
        if (r < 0)
                return r;
        if (!is_signed)
                return invalid(ret_verdict, ret_claims);
        return opened_judge(keyset, revocations, &opened, expect, ret_verdict, ret_claims);
}

/* ---- keys that are not published ---- */

int token_mac_question(const struct keyset *keyset, struct text token,
                       const struct expectation *expect, struct mac_question *ret) {
        struct opened opened;
        size_t len;

        if (!token_open(keyset, token, expect, &opened) || opened.key->public_key)
                return -EBADMSG;
        if (base64url_decode(opened.parts.signature, ret->mac, sizeof ret->mac, &len) < 0 ||
            len != sizeof ret->mac)
                return -EBADMSG;
        ret->kid = opened.key->kid;
        ret->signed_bytes = opened.parts.signed_bytes;
        return 0;
}

int token_judge_checked(const struct keyset *keyset, const struct revocations *revocations,
                        struct text token, const struct expectation *expect,
                        enum verdict *ret_verdict, struct claims *ret_claims) {
        struct opened opened;

        if (!token_open(keyset, token, expect, &opened) || opened.key->public_key)
                return invalid(ret_verdict, ret_claims);
        return opened_judge(keyset, revocations, &opened, expect, ret_verdict, ret_claims);
}
