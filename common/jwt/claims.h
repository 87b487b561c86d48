/* The claims of our own tokens: written by the signer, read by everyone who verified the signature.
 *
 * The reader takes exactly what the writer can write and nothing else: one flat object, strings,
 * decimal numbers, arrays of strings; no duplicate and no unknown member. It runs only on bytes
 * whose signature holds, and is fuzzed all the same. */
#ifndef JETON_JWT_CLAIMS_H
#define JETON_JWT_CLAIMS_H

#include "../name.h"

#include <stdbool.h>
#include <stdint.h>

/* What a token is, as its header's typ says (RFC 8725 3.11). */
enum token_kind {
        TOKEN_KIND_ACCESS = 0, /* typ at+jwt (RFC 9068) */
        TOKEN_KIND_PLAIN,      /* typ JWT: an access token for verifiers that know no other */
        TOKEN_KIND_TICKET,     /* typ jeton-login+jwt */
        TOKEN_KIND_COUNT,
};

#define JTI_LEN    22 /* 16 random bytes in base64url */
#define SID_LEN    22
#define SUB_MAX    128
#define CLIENT_MAX 128
#define AMR_MAX    64

/* What `leeway` in jetond.conf(5) can be at most, in seconds. */
#define LEEWAY_MAX_S 300

/* Lists are space-separated words, empty when absent. Strings end in NUL. */
struct claims {
        char iss[ISSUER_MAX + 1];
        char sub[SUB_MAX + 1];
        char aud[AUDIENCE_MAX + 1]; /* list */
        int64_t exp, iat;
        char jti[JTI_LEN + 1];
        char sid[SID_LEN + 1];
        char client_id[CLIENT_MAX + 1];
        char scope[SCOPE_MAX + 1]; /* list */
        char roles[ROLES_MAX + 1]; /* list */
        char username[USER_NAME_MAX + 1];
        bool has_uid;
        uint32_t uid;
        int64_t auth_time;     /* 0: absent */
        char amr[AMR_MAX + 1]; /* list */
        /* login tickets */
        char nonce[NONCE_LEN + 1];
        char service[SERVICE_MAX + 1];
        char phase[16];
        char verdict[16];
        int64_t at_least; /* characters of a new password; 0: absent */
};

#define CLAIMS_JSON_MAX 4096

/* Writes the claims that are set as compact JSON. aud is a string when it is one word, otherwise an
 * array (RFC 7519 4.1.3); roles and amr are arrays. 0; -EMSGSIZE when `size` is too small; -EINVAL
 * when a string is no printable UTF-8. */
int claims_write(const struct claims *claims, char *ret, size_t size, size_t *ret_len);

/* 0 or -EBADMSG; *ret is zeroed on failure. */
int claims_read(struct text json, struct claims *ret);

#endif
