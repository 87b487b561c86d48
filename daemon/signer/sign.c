/* One request, one token. Composed, written, signed, sent; what is beyond the limits is refused
 * with a line in the log, because the authority would not have asked. */
#include "signer.h"

#include "../../common/clock.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <errno.h>
#include <string.h>

_Static_assert(HEADER_MAX + 1 + BASE64URL_LEN(CLAIMS_JSON_MAX) + 1 + BASE64URL_LEN(SIGNATURE_MAX) <
                       TOKEN_MAX,
               "every token we can write is one that verifiers take");

/* RFC 7515 7.1: header, payload, signature. */
struct token {
        char text[TOKEN_MAX + 1];
        size_t len;
};

static void token_put(struct token *token, const void *bytes, size_t len) {
        token->text[token->len++] = '.';
        base64url_encode(bytes, len, token->text + token->len);
        token->len += BASE64URL_LEN(len);
}

static int token_make(const struct signing_key *key, enum token_kind kind,
                      const struct claims *claims, struct token *ret) {
        uint8_t signature[SIGNATURE_MAX];
        char json[CLAIMS_JSON_MAX];
        size_t len;
        int r;

        r = claims_write(claims, json, sizeof json, &len);
        if (r < 0)
                return r;
        ret->len = strlen(key->headers[kind]);
        memcpy(ret->text, key->headers[kind], ret->len);
        token_put(ret, json, len);
        r = signature_make(key->algorithm, key->key, (struct text){ret->text, ret->len}, signature,
                           &len);
        if (r < 0)
                return r;
        token_put(ret, signature, len);
        return 0;
}

static int not_signed(struct signer *signer, uint64_t call, enum not_signed reason) {
        struct msg_not_signed answer = {.reason = (uint8_t)reason};

        return channel_send(&signer->authority, MSG_NOT_SIGNED, call, &answer, -1);
}

static int not_composed(struct signer *signer, uint64_t call, int error, const char *field) {
        if (error != -EINVAL) {
                log_error("cannot stamp a token: %s", strerror(-error));
                return not_signed(signer, call, NOT_SIGNED_FAILED);
        }
        log_warning("not signed: the authority asked for a token whose %s is beyond the limits",
                    field);
        return not_signed(signer, call, NOT_SIGNED_LIMIT);
}

/* Of an algorithm that the settings have just dropped, or not yet brought. */
static int no_key(struct signer *signer, uint64_t call, enum key_algorithm algorithm) {
        const char *name = algorithm_name(algorithm);

        log_warning("not signed: no %s key is active", name ? name : "such");
        return not_signed(signer, call, NOT_SIGNED_NO_KEY);
}

static int answer_signed(struct signer *signer, uint64_t call, enum key_algorithm algorithm,
                         enum token_kind kind, const struct claims *claims) {
        const struct signing_key *key = keyring_find_state(&signer->keyring, algorithm, KEY_ACTIVE);
        struct msg_signed answer = {
                .jti = text_of(claims->jti),
                .issued_at = claims->iat,
                .expires_at = claims->exp,
        };
        struct token token;
        int r;

        if (!key)
                return no_key(signer, call, algorithm);
        r = token_make(key, kind, claims, &token);
        if (r == -EMSGSIZE)
                return not_composed(signer, call, -EINVAL, "size");
        if (r < 0) {
                log_error("cannot sign: %s", strerror(-r));
                return not_signed(signer, call, NOT_SIGNED_FAILED);
        }
        answer.kid = text_of(key->kid);
        answer.token = (struct text){token.text, token.len};
        r = channel_send(&signer->authority, MSG_SIGNED, call, &answer, -1);
        explicit_bzero(&token, sizeof token);
        return r;
}

int answer_sign_access(struct signer *signer, const struct frame *frame) {
        const struct msg_sign_access *fields = &frame->message.sign_access;
        enum key_algorithm algorithm = signer->algorithm;
        const char *field = NULL;
        struct claims claims;
        int r;

        r = compose_access(&signer->limits, fields, clock_wall_s(), &claims, &field);
        if (r < 0)
                return not_composed(signer, frame->call, r, field);
        if (fields->algorithm != KEY_NONE)
                algorithm = (enum key_algorithm)fields->algorithm;
        return answer_signed(signer, frame->call, algorithm, fields->kind, &claims);
}

int answer_sign_ticket(struct signer *signer, const struct frame *frame) {
        const struct msg_sign_ticket *fields = &frame->message.sign_ticket;
        const char *field = NULL;
        struct claims claims;
        int r;

        r = compose_ticket(&signer->limits, fields, clock_wall_s(), &claims, &field);
        if (r < 0)
                return not_composed(signer, frame->call, r, field);
        return answer_signed(signer, frame->call, signer->algorithm, TOKEN_KIND_TICKET, &claims);
}
