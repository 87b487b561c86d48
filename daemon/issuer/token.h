/* An ID token of an outside issuer (OpenID Connect Core 2), judged as its section 3.1.3.7 and RFC
 * 8725 ask for. The issuer's settings say which algorithm, which keys and which audience; the token
 * chooses nothing but one of the issuers, by `iss`, and one of his keys, by `kid`. */
#ifndef JETON_ISSUER_TOKEN_H
#define JETON_ISSUER_TOKEN_H

#include "../privsep/message.h"
#include "keys.h"

struct outside_issuer {
        char url[ISSUER_MAX + 1];
        char audience[AUDIENCES_MAX + 1]; /* what his tokens call us, space-separated */
        enum key_algorithm algorithm;
        const struct outside_keys *keys; /* borrowed; NULL: there are none at hand */
};

struct outside_issuers {
        const struct outside_issuer *at;
        size_t count;
};

/* What a good token says; of any other nothing. */
struct outside_token {
        uint8_t issuer; /* which one, from 0 */
        char sub[OUTSIDE_SUB_MAX + 1];
        char email[EMAIL_MAX + 1]; /* "": none that could be one */
        bool email_verified;
        int64_t auth_time; /* 0: it does not say */
        int64_t issued_at, expires_at;
};

struct outside_clock {
        int64_t now;
        uint32_t leeway_s;
};

/* The verdict; *ret is set for OUTSIDE_VALID alone. Never writes and never logs. */
enum outside_verdict outside_token_check(const struct outside_issuers *issuers, struct text token,
                                         const struct outside_clock *clock,
                                         struct outside_token *ret);

#endif
