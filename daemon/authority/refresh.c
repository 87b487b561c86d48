/* The cryptography of refresh tokens (RFC 9700 4.14.2: rotation).
 *
 *         successor = HMAC-SHA256(key: the secret presented, n), n random and in the row
 *         tag       = HMAC-SHA256(key: the session's family key, SHA-256(secret)), cut
 *
 * The row alone yields no token: it has hashes, n and the family key. */
#include "refresh.h"

#include "../../common/jwt/base64url.h"
#include "../../common/secret.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

_Static_assert(sizeof(struct refresh_token) == REFRESH_BYTES, "read and written as bytes");
_Static_assert(BASE64URL_LEN(REFRESH_BYTES) == REFRESH_TOKEN_LEN, "its length in base64url");
_Static_assert(BASE64URL_LEN(REFRESH_SID_LEN) == SID_LEN, "a sid is the first part");

static int hash(const uint8_t secret[REFRESH_SECRET_LEN], uint8_t ret[REFRESH_HASH_LEN]) {
        return EVP_Digest(secret, REFRESH_SECRET_LEN, ret, NULL, EVP_sha256(), NULL) == 1 ? 0
                                                                                          : -ENOMEM;
}

static int mac(const uint8_t key[32], const uint8_t bytes[32], uint8_t ret[32]) {
        return HMAC(EVP_sha256(), key, 32, bytes, 32, ret, NULL) ? 0 : -ENOMEM;
}

static bool is_equal(const uint8_t *a, const uint8_t *b, size_t len) {
        return secret_equal((struct text){(const char *)a, len},
                            (struct text){(const char *)b, len});
}

void refresh_clear(struct refresh_token *token) {
        explicit_bzero(token, sizeof *token);
}

/* ---- spelling ---- */

int sid_draw(char ret[SID_LEN + 1]) {
        uint8_t bytes[REFRESH_SID_LEN];
        int r;

        r = secret_random(bytes, sizeof bytes);
        if (r < 0)
                return r;
        bytes[0] &= 0x7f; /* '-' stands for 62, above what is left to the first character */
        base64url_encode(bytes, sizeof bytes, ret);
        return 0;
}

int refresh_parse(struct text token, struct refresh_token *ret) {
        struct refresh_token parsed;
        size_t len;
        int r;

        if (token.len != REFRESH_TOKEN_LEN)
                return -EINVAL;
        r = base64url_decode(token, &parsed, sizeof parsed, &len);
        if (r == 0 && len == sizeof parsed)
                *ret = parsed;
        refresh_clear(&parsed);
        return r == 0 && len == sizeof parsed ? 0 : -EINVAL;
}

void refresh_sid(const struct refresh_token *token, char ret[SID_LEN + 1]) {
        base64url_encode(token->sid, sizeof token->sid, ret);
}

void refresh_write(const struct refresh_token *token, char ret[REFRESH_TOKEN_LEN + 1]) {
        base64url_encode(token, sizeof *token, ret);
}

/* ---- making ---- */

static int tag_make(const struct session *session, const uint8_t token_hash[REFRESH_HASH_LEN],
                    uint8_t ret[REFRESH_TAG_LEN]) {
        uint8_t whole[32];
        int r;

        r = mac(session->family_key, token_hash, whole);
        if (r == 0)
                memcpy(ret, whole, REFRESH_TAG_LEN);
        explicit_bzero(whole, sizeof whole);
        return r;
}

/* Around a secret that is there already. */
static int token_complete(const struct session *session, struct refresh_token *token,
                          uint8_t ret_hash[REFRESH_HASH_LEN]) {
        size_t len;
        int r;

        r = base64url_decode(text_of(session->sid), token->sid, sizeof token->sid, &len);
        if (r < 0 || len != sizeof token->sid)
                return -EBADMSG;
        r = hash(token->secret, ret_hash);
        return r < 0 ? r : tag_make(session, ret_hash, token->tag);
}

int refresh_begin(struct session *session, struct refresh_token *ret) {
        int r;

        r = secret_random(session->family_key, sizeof session->family_key);
        if (r == 0)
                r = secret_random(ret->secret, sizeof ret->secret);
        return r < 0 ? r : token_complete(session, ret, session->current_hash);
}

static int successor_make(const struct session *session, const struct refresh_token *before,
                          struct refresh_token *ret, uint8_t ret_hash[REFRESH_HASH_LEN]) {
        int r;

        r = mac(before->secret, session->rotation, ret->secret);
        return r < 0 ? r : token_complete(session, ret, ret_hash);
}

int refresh_rotate(struct session *session, const struct refresh_token *newest, int64_t now,
                   struct refresh_token *ret) {
        int r;

        r = secret_random(session->rotation, sizeof session->rotation);
        if (r < 0)
                return r;
        memcpy(session->previous_hash, session->current_hash, sizeof session->previous_hash);
        session->has_previous = true;
        session->grace_until = now + REFRESH_GRACE_S;
        session->used_at = now;
        return successor_make(session, newest, ret, session->current_hash);
}

int refresh_repeat(const struct session *session, const struct refresh_token *retried,
                   struct refresh_token *ret) {
        uint8_t token_hash[REFRESH_HASH_LEN];

        return successor_make(session, retried, ret, token_hash);
}

/* ---- judging ---- */

/* A clock that was set back makes it no longer. */
static bool is_in_grace(const struct session *session, int64_t now) {
        return now < session->grace_until && now >= session->grace_until - REFRESH_GRACE_S;
}

int refresh_judge(const struct session *session, const struct refresh_token *token, int64_t now,
                  enum refresh_verdict *ret) {
        uint8_t token_hash[REFRESH_HASH_LEN], tag[REFRESH_TAG_LEN];
        int r;

        r = hash(token->secret, token_hash);
        if (r == 0)
                r = tag_make(session, token_hash, tag);
        if (r < 0)
                return r;
        if (!is_equal(tag, token->tag, sizeof tag))
                *ret = REFRESH_FOREIGN;
        else if (is_equal(token_hash, session->current_hash, sizeof token_hash))
                *ret = REFRESH_NEWEST;
        else if (session->has_previous && is_in_grace(session, now) &&
                 is_equal(token_hash, session->previous_hash, sizeof token_hash))
                *ret = REFRESH_RETRIED;
        else
                *ret = REFRESH_REPLAYED;
        explicit_bzero(tag, sizeof tag);
        return 0;
}
