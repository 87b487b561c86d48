/* The registered claims of RFC 7519 4.1, as anybody may write them: each may be absent, aud is a
 * text or an array, times may have fractions. */
#include "jws.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static bool is_aud(const json_t *value) {
        size_t i;

        if (!json_is_array(value))
                return json_is_string(value);
        for (i = 0; i < json_array_size(value); i++)
                if (!json_is_string(json_array_get(value, i)))
                        return false;
        return true;
}

static bool is_text(const json_t *value) {
        return json_is_string(value);
}

static bool is_number(const json_t *value) {
        return json_is_number(value);
}

static const struct {
        const char *name;
        bool (*is_good)(const json_t *value);
} types[] = {
        {"iss", is_text},   {"sub", is_text},   {"jti", is_text},   {"aud", is_aud},
        {"exp", is_number}, {"nbf", is_number}, {"iat", is_number},
};

static bool types_judge(const json_t *claims, struct finding *finding) {
        size_t i;

        for (i = 0; i < ELEMENTS(types); i++) {
                const json_t *value = json_object_get(claims, types[i].name);

                if (value && !types[i].is_good(value))
                        return found(finding, JWS_MALFORMED,
                                     "the claim %s has not the type that RFC 7519 gives it",
                                     types[i].name);
        }
        return true;
}

static bool issuer_judge(const json_t *claims, const struct jws_expectation *expect,
                         struct finding *finding) {
        const char *iss = json_string_value(json_object_get(claims, "iss"));

        if (!expect->issuer || (iss && strcmp(iss, expect->issuer) == 0))
                return true;
        return found(finding, JWS_WRONG_ISSUER, "iss is %s",
                     iss ? log_escape(text_of(iss)).text : "absent");
}

/* A double counts seconds exactly for 285 million years. */
static double seconds_of(const json_t *claims, const char *name, int64_t otherwise) {
        const json_t *value = json_object_get(claims, name);

        return value ? json_number_value(value) : (double)otherwise;
}

/* RFC 7519 4.1.4 to 4.1.6; an iat in the future is refused as it is in tokens of this host. */
static bool times_judge(const json_t *claims, const struct jws_expectation *expect,
                        struct finding *finding) {
        double latest = (double)(expect->now + expect->leeway);
        double earliest = (double)(expect->now - expect->leeway);

        if (seconds_of(claims, "exp", INT64_MAX) <= earliest)
                return found(finding, JWS_EXPIRED, "its time ended at exp");
        if (seconds_of(claims, "nbf", INT64_MIN) > latest)
                return found(finding, JWS_NOT_YET, "its time begins at nbf");
        if (seconds_of(claims, "iat", INT64_MIN) > latest)
                return found(finding, JWS_NOT_YET, "it was issued in the future: iat");
        return true;
}

static bool is_expected(const json_t *audience, const struct jws_expectation *expect) {
        const char *text = json_string_value(audience);
        size_t i;

        for (i = 0; i < expect->audience_count; i++)
                if (text && strcmp(text, expect->audiences[i]) == 0)
                        return true;
        return false;
}

static bool takes_any(const struct jws_expectation *expect) {
        size_t i;

        for (i = 0; i < expect->audience_count; i++)
                if (strcmp(expect->audiences[i], "*") == 0)
                        return true;
        return false;
}

/* RFC 7519 4.1.3: who does not find himself in an aud that is there refuses. */
static bool audience_judge(const json_t *claims, const struct jws_expectation *expect,
                           struct finding *finding) {
        const json_t *aud = json_object_get(claims, "aud");
        size_t i;

        if (takes_any(expect) || (!aud && expect->audience_count == 0) || is_expected(aud, expect))
                return true;
        for (i = 0; i < json_array_size(aud); i++)
                if (is_expected(json_array_get(aud, i), expect))
                        return true;
        return found(finding, JWS_WRONG_AUDIENCE, "%s",
                     aud ? "aud names others: --audience says who one is, '*' takes any"
                         : "it has no aud");
}

bool jws_claims_judge(const json_t *claims, const struct jws_expectation *expect,
                      struct finding *finding) {
        static bool (*const judges[])(const json_t *claims, const struct jws_expectation *expect,
                                      struct finding *finding) = {issuer_judge, times_judge,
                                                                  audience_judge};
        size_t i;

        if (!types_judge(claims, finding))
                return false;
        for (i = 0; i < ELEMENTS(judges); i++)
                if (!judges[i](claims, expect, finding))
                        return false;
        return true;
}
