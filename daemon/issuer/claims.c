/* OpenID Connect Core 2 and 3.1.3.7, of which some is the client's own to look at: the nonce, which
 * it alone knows, and how it got the token. */
#include "claims.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

struct judging {
        const json_t *claims;
        const struct outside_issuer *issuer;
        const struct outside_clock *clock;
        struct outside_token *token;
};

/* ---- one member ---- */

static const json_t *member(const struct judging *judging, const char *name) {
        return json_object_get(judging->claims, name);
}

static struct text text_in(const json_t *json) {
        return (struct text){json_string_value(json), json_string_length(json)};
}

/* A NumericDate may have a fraction (RFC 7519 2), which is cut off. */
static bool time_in(const json_t *json, int64_t *ret) {
        double seconds = json_number_value(json);

        if (!json_is_number(json) || !(seconds >= 0 && seconds <= (double)CLOCK_LAST_S))
                return false;
        *ret = (int64_t)seconds;
        return true;
}

/* ---- the parts ---- */

/* Core 2: at most 255 ASCII characters; jeton takes none that is not printed. */
static enum outside_verdict subject_judge(struct judging *judging) {
        const json_t *sub = member(judging, "sub");

        if (!json_is_string(sub) || !name_is_outside_subject(text_in(sub)) ||
            text_copy(text_in(sub), judging->token->sub, sizeof judging->token->sub) < 0)
                return OUTSIDE_CLAIMS;
        return OUTSIDE_VALID;
}

static bool is_ours(const struct judging *judging, const json_t *name) {
        return json_is_string(name) &&
               text_list_has(text_of(judging->issuer->audience), text_in(name));
}

/* Core 3.1.3.7, 3 to 5: we must be named, nobody who is not ours beside us, and where there are
 * several, azp says to whom it was given. */
static enum outside_verdict audience_judge(struct judging *judging) {
        const json_t *aud = member(judging, "aud"), *azp = member(judging, "azp");
        size_t count = json_array_size(aud), i;

        if (azp && !is_ours(judging, azp))
                return OUTSIDE_AUDIENCE;
        if (json_is_string(aud))
                return is_ours(judging, aud) ? OUTSIDE_VALID : OUTSIDE_AUDIENCE;
        for (i = 0; i < count; i++)
                if (!is_ours(judging, json_array_get(aud, i)))
                        return OUTSIDE_AUDIENCE;
        return count == 1 || (count > 1 && azp) ? OUTSIDE_VALID : OUTSIDE_AUDIENCE;
}

/* exp and iat are required. What lives longer than a day is no proof of a login any more: such
 * tokens would have to be remembered for as long. */
static enum outside_verdict times_judge(struct judging *judging) {
        struct outside_token *token = judging->token;
        int64_t leeway = judging->clock->leeway_s, now = judging->clock->now, not_before = 0;

        if (!time_in(member(judging, "exp"), &token->expires_at) ||
            !time_in(member(judging, "iat"), &token->issued_at) ||
            (member(judging, "nbf") && !time_in(member(judging, "nbf"), &not_before)))
                return OUTSIDE_CLAIMS;
        if (token->expires_at + leeway <= now)
                return OUTSIDE_EXPIRED;
        if (token->issued_at - leeway > now || not_before - leeway > now)
                return OUTSIDE_NOT_YET;
        return token->expires_at - token->issued_at > OUTSIDE_LIFETIME_MAX_S ? OUTSIDE_LIFETIME
                                                                             : OUTSIDE_VALID;
}

/* Core 2: optional, and never after the token was made. */
static enum outside_verdict login_judge(struct judging *judging) {
        const json_t *auth_time = member(judging, "auth_time");
        struct outside_token *token = judging->token;

        if (auth_time && (!time_in(auth_time, &token->auth_time) ||
                          token->auth_time > token->issued_at + judging->clock->leeway_s))
                return OUTSIDE_CLAIMS;
        return OUTSIDE_VALID;
}

/* Of their types alone: who compares is the client that made the nonce. */
static enum outside_verdict types_judge(struct judging *judging) {
        static const char *const texts[] = {"nonce", "acr", "azp", "at_hash", "jti"};
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++)
                if (member(judging, texts[i]) && !json_is_string(member(judging, texts[i])))
                        return OUTSIDE_CLAIMS;
        return OUTSIDE_VALID;
}

/* What else the issuer signs with the same key. A logout token has `events` (Back-Channel Logout
 * 2.4), and its typ in the header is only recommended; Keycloak says in the claims what a token is
 * for: ID, Bearer, Refresh, Logout. */
static enum outside_verdict kind_judge(struct judging *judging) {
        const json_t *typ = member(judging, "typ");

        if (member(judging, "events") || (typ && !json_is_string(typ)))
                return OUTSIDE_CLAIMS;
        return !typ || text_is(text_in(typ), TEXT("ID")) ? OUTSIDE_VALID : OUTSIDE_CLAIMS;
}

/* Core 5.1: email_verified is a boolean. Some services write the text "true", which says how much
 * care went into it: it counts for nothing. An address that cannot be one is as good as none; the
 * token says who logged in without it. */
static enum outside_verdict email_judge(struct judging *judging) {
        const json_t *email = member(judging, "email");
        struct outside_token *token = judging->token;

        if (json_is_string(email) && name_is_email(text_in(email)) &&
            text_copy(text_in(email), token->email, sizeof token->email) == 0)
                token->email_verified = json_is_true(member(judging, "email_verified"));
        return OUTSIDE_VALID;
}

enum outside_verdict outside_claims_judge(const json_t *claims, const struct outside_issuer *issuer,
                                          const struct outside_clock *clock,
                                          struct outside_token *ret) {
        static enum outside_verdict (*const judges[])(struct judging * judging) = {
                types_judge,   kind_judge,  audience_judge, times_judge,
                subject_judge, login_judge, email_judge,
        };
        struct judging judging = {claims, issuer, clock, ret};
        enum outside_verdict verdict;
        size_t i;

        for (i = 0; i < ELEMENTS(judges); i++) {
                verdict = judges[i](&judging);
                if (verdict != OUTSIDE_VALID)
                        return verdict;
        }
        return OUTSIDE_VALID;
}
