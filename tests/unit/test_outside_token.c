/* ID tokens of outside issuers: each verdict, in the order of the steps, and what a good one says.
 *
 * links: daemon/issuer/token.c daemon/issuer/claims.c daemon/issuer/keys.c
 *        daemon/issuer/signature.c daemon/issuer/self_check.c client/jws/jwk.c
 * needs: libjwt jansson libcrypto */
#include "../../common/cleanup.h"
#include "../../daemon/issuer/self_check.h"
#include "../../daemon/issuer/signature.h"
#include "../../daemon/issuer/token.h"
#include "test_keys.h"

#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW    INT64_C(1700000000)
#define ISSUER "https://outside.example"

#define KEY "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" TEST_KEY_X "\",\"y\":\"" TEST_KEY_Y "\""

#define HEADER  "{\"alg\":\"ES256\",\"kid\":\"one\"}"
#define TIMES   "\"iat\":1700000000,\"exp\":1700000300"
#define PAYLOAD "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"aud\":\"app\"," TIMES

static struct outside_keys *keys;

static int setup(void **state) {
        (void)state;
        return outside_keys_read(KEY_ES256, TEXT("{\"keys\":[{\"kid\":\"one\"," KEY "}]}"), &keys)
                       ? -1
                       : 0;
}

static int teardown(void **state) {
        (void)state;
        outside_keys_freep(&keys);
        return 0;
}

static const char *part(const char *json) {
        static char encoded[2][TOKEN_MAX];
        static unsigned which;

        which ^= 1;
        base64url_encode(json, strlen(json), encoded[which]);
        return encoded[which];
}

static enum outside_verdict check(const char *token, struct outside_token *ret) {
        const struct outside_issuer issuer[] = {
                {.url = "https://other.example", .audience = "app", .algorithm = KEY_RS256},
                {.url = ISSUER, .audience = "app second", .algorithm = KEY_ES256, .keys = keys},
        };
        const struct outside_issuers issuers = {issuer, ELEMENTS(issuer)};
        const struct outside_clock clock = {NOW, 60};

        return outside_token_check(&issuers, text_of(token), &clock, ret);
}

static enum outside_verdict check_signed(const char *header, const char *payload) {
        struct outside_token said = {.sub = "untouched"};
        enum outside_verdict verdict;
        char token[TOKEN_MAX + 1];

        test_token(part(header), text_of(payload), token);
        verdict = check(token, &said);
        assert_int_equal(strcmp(said.sub, "untouched") == 0, verdict != OUTSIDE_VALID);
        return verdict;
}

static void a_good_token_says_who_it_is(void **state) {
        struct outside_token said = {.sub = ""};
        char token[TOKEN_MAX + 1];

        (void)state;
        test_token(part(HEADER),
                   TEXT(PAYLOAD ",\"email\":\"a@b.example\",\"email_verified\":true,"
                                "\"auth_time\":1699999000,\"nonce\":\"n\"}"),
                   token);
        assert_int_equal(check(token, &said), OUTSIDE_VALID);
        assert_int_equal(said.issuer, 1);
        assert_string_equal(said.sub, "s");
        assert_string_equal(said.email, "a@b.example");
        assert_true(said.email_verified);
        assert_int_equal(said.auth_time, 1699999000);
        assert_int_equal(said.issued_at, 1700000000);
        assert_int_equal(said.expires_at, 1700000300);
}

static void an_address_counts_only_when_it_is_one_and_verified(void **state) {
        static const struct {
                const char *claims, *email;
                bool verified;
        } cases[] = {
                {"", "", false},
                {",\"email\":\"a@b\"", "a@b", false},
                {",\"email\":\"a@b\",\"email_verified\":false", "a@b", false},
                {",\"email\":\"a@b\",\"email_verified\":\"true\"", "a@b", false},
                {",\"email\":\"a@b\",\"email_verified\":1", "a@b", false},
                {",\"email\":\"a@b\",\"email_verified\":true", "a@b", true},
                {",\"email\":\"a\",\"email_verified\":true", "", false},
                {",\"email\":7,\"email_verified\":true", "", false},
                {",\"email_verified\":true", "", false},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++) {
                struct outside_token said = {.sub = ""};
                char token[TOKEN_MAX + 1], payload[512];

                snprintf(payload, sizeof payload, PAYLOAD "%s}", cases[i].claims);
                test_token(part(HEADER), text_of(payload), token);
                assert_int_equal(check(token, &said), OUTSIDE_VALID);
                assert_string_equal(said.email, cases[i].email);
                assert_int_equal(said.email_verified, cases[i].verified);
        }
}

static void headers_that_ask_for_more_are_refused(void **state) {
        static const struct {
                const char *header;
                enum outside_verdict verdict;
        } cases[] = {
                {HEADER, OUTSIDE_VALID},
                {"{\"alg\":\"ES256\"}", OUTSIDE_VALID},
                {"{\"alg\":\"ES256\",\"typ\":\"jwt\"}", OUTSIDE_VALID},
                {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"typ\":7}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"crit\":[\"x\"]}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"b64\":true}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"zip\":\"DEF\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"cty\":\"JWT\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"enc\":\"A128GCM\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"jwk\":{" KEY "}}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"jku\":\"https://x.example\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"x5u\":\"https://x.example\"}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"x5c\":[]}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"kid\":1}", OUTSIDE_HEADER},
                {"{\"alg\":[\"ES256\"]}", OUTSIDE_HEADER},
                {"{}", OUTSIDE_HEADER},
                {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", OUTSIDE_MALFORMED},
                {"[]", OUTSIDE_MALFORMED},
                {"{\"alg\":\"RS256\"}", OUTSIDE_ALGORITHM},
                {"{\"alg\":\"none\"}", OUTSIDE_ALGORITHM},
                {"{\"alg\":\"es256\"}", OUTSIDE_ALGORITHM},
                {"{\"alg\":\"ES256\",\"kid\":\"two\"}", OUTSIDE_KEY},
                {"{\"alg\":\"ES256\",\"kid\":\"\"}", OUTSIDE_KEY},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++)
                if (check_signed(cases[i].header, PAYLOAD "}") != cases[i].verdict)
                        fail_msg("%s", cases[i].header);
}

#define WITH(iss, sub, aud, times) "{" iss sub aud times "}"
#define ISS                        "\"iss\":\"" ISSUER "\","
#define SUB                        "\"sub\":\"s\","
#define AUD                        "\"aud\":\"app\","
#define LOGOUT                     "http://schemas.openid.net/event/backchannel-logout"

static void claims_are_judged_by_our_own_rules(void **state) {
        static const struct {
                const char *payload;
                enum outside_verdict verdict;
        } cases[] = {
                {WITH(ISS, SUB, AUD, TIMES), OUTSIDE_VALID},
                {WITH("", SUB, AUD, TIMES), OUTSIDE_ISSUER},
                {WITH("\"iss\":\"" ISSUER "/\",", SUB, AUD, TIMES), OUTSIDE_ISSUER},
                {WITH("\"iss\":[\"" ISSUER "\"],", SUB, AUD, TIMES), OUTSIDE_ISSUER},
                {WITH("\"iss\":\"https://other.example\",", SUB, AUD, TIMES), OUTSIDE_ALGORITHM},
                {WITH(ISS ISS, SUB, AUD, TIMES), OUTSIDE_MALFORMED},
                {WITH(ISS, "", AUD, TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, "\"sub\":\"\",", AUD, TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, "\"sub\":5,", AUD, TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, "\"sub\":\"\\u00e4\",", AUD, TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, "\"sub\":\"a\\nb\",", AUD, TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, "", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":\"\",", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":\"ap\",", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":\"app second\",", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":[],", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":[\"app\"],", TIMES), OUTSIDE_VALID},
                {WITH(ISS, SUB, "\"aud\":[\"app\",\"x\"],", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":[\"app\",\"x\"],\"azp\":\"app\",", TIMES),
                 OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":[\"app\",\"second\"],", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, "\"aud\":[\"app\",\"second\"],\"azp\":\"app\",", TIMES),
                 OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD "\"azp\":\"x\",", TIMES), OUTSIDE_AUDIENCE},
                {WITH(ISS, SUB, AUD "\"azp\":[\"app\"],", TIMES), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"exp\":1700000300"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":1700000000"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":1,\"exp\":\"9\""), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":1,\"exp\":1e300"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":-1,\"exp\":1700000300"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":1699999000,\"exp\":1699999941"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, "\"iat\":1699999000,\"exp\":1699999940"), OUTSIDE_EXPIRED},
                {WITH(ISS, SUB, AUD, "\"iat\":1700000060,\"exp\":1700000300"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, "\"iat\":1700000061,\"exp\":1700000300"), OUTSIDE_NOT_YET},
                {WITH(ISS, SUB, AUD, TIMES ",\"nbf\":1700000060"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, TIMES ",\"nbf\":1700000061"), OUTSIDE_NOT_YET},
                {WITH(ISS, SUB, AUD, TIMES ",\"nbf\":\"1700000000\""), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, "\"iat\":1699999999.5,\"exp\":1700000300.5"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, "\"iat\":1700000000,\"exp\":1700086400"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, "\"iat\":1700000000,\"exp\":1700086401"), OUTSIDE_LIFETIME},
                {WITH(ISS, SUB, AUD, TIMES ",\"auth_time\":1700000060"), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, TIMES ",\"auth_time\":1700000061"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"auth_time\":\"1\""), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"nonce\":1"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"acr\":1"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"at_hash\":1"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"jti\":1"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"events\":{\"" LOGOUT "\":{}}"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"events\":null"), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"typ\":\"ID\""), OUTSIDE_VALID},
                {WITH(ISS, SUB, AUD, TIMES ",\"typ\":\"Bearer\""), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"typ\":\"Logout\""), OUTSIDE_CLAIMS},
                {WITH(ISS, SUB, AUD, TIMES ",\"typ\":[\"ID\"]"), OUTSIDE_CLAIMS},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++)
                if (check_signed(HEADER, cases[i].payload) != cases[i].verdict)
                        fail_msg("%s", cases[i].payload);
}

static void one_spelling_alone_is_read(void **state) {
        char token[TOKEN_MAX + 1], spoiled[TOKEN_MAX + 8];
        static const char *const tails[] = {"=", "==", "\n", " ", "A", ".", ".AAAA"};
        struct outside_token said;
        size_t i;

        (void)state;
        test_token(part(HEADER), TEXT(PAYLOAD "}"), token);
        for (i = 0; i < ELEMENTS(tails); i++) {
                snprintf(spoiled, sizeof spoiled, "%s%s", token, tails[i]);
                assert_int_not_equal(check(spoiled, &said), OUTSIDE_VALID);
                snprintf(spoiled, sizeof spoiled, "%s%s", tails[i], token);
                assert_int_not_equal(check(spoiled, &said), OUTSIDE_VALID);
        }
        token[strlen(token) - 2] ^= 1;
        assert_int_not_equal(check(token, &said), OUTSIDE_VALID);
}

static void what_is_longer_than_any_token_is_none(void **state) {
        static char token[2 * TOKEN_MAX], payload[TOKEN_MAX];
        unsigned good = 0, bad = 0;
        struct outside_token said;
        int padding;

        (void)state;
        for (padding = 5850; padding < 6050; padding++) {
                bool is_long;

                snprintf(payload, sizeof payload, PAYLOAD ",\"x\":\"%0*d\"}", padding, 0);
                test_token(part(HEADER), text_of(payload), token);
                is_long = strlen(token) > TOKEN_MAX;
                assert_int_equal(check(token, &said), is_long ? OUTSIDE_MALFORMED : OUTSIDE_VALID);
                good += !is_long;
                bad += is_long;
        }
        assert_true(good > 0 && bad > 0);
}

/* What libjwt alone would take: an HMAC by the public key's text. Neither the step before it nor
 * the look at what it went by lets that pass. */
static void the_public_key_is_no_secret(void **state) {
        const char *pem = keys->at[0].pem;
        char token[TOKEN_MAX + 1];
        struct outside_token said;
        uint8_t mac[32];
        unsigned len = sizeof mac;

        (void)state;
        snprintf(token, sizeof token, "%s.%s", part("{\"alg\":\"HS256\"}"), part(PAYLOAD "}"));
        HMAC(EVP_sha256(), pem, (int)strlen(pem), (const uint8_t *)token, strlen(token), mac, &len);
        strcat(token, ".");
        base64url_encode(mac, sizeof mac, token + strlen(token));
        assert_int_equal(check(token, &said), OUTSIDE_ALGORITHM);
        assert_false(outside_signature_is_good(KEY_ES256, &keys->at[0], text_of(token)));
}

static const char *keys_of(enum key_algorithm algorithm, const char *text) {
        _cleanup_(outside_keys_freep) struct outside_keys *read = NULL;

        return outside_keys_read(algorithm, text_of(text), &read);
}

static void a_set_without_a_usable_key_is_none(void **state) {
        static const char *const bad[] = {
                "",
                "{}",
                "[]",
                "{\"keys\":{}}",
                "{\"keys\":[]}",
                "{\"keys\":[7]}",
                "{\"keys\":[],\"keys\":[]}",
                "{\"keys\":[{\"use\":\"enc\"," KEY "}]}",
                "{\"keys\":[{\"alg\":\"RS256\"," KEY "}]}",
                "{\"keys\":[{\"d\":\"AA\"," KEY "}]}",
                "{\"keys\":[{\"kid\":\"a\"," KEY "},{\"kid\":\"a\"," KEY "}]}",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_non_null(keys_of(KEY_ES256, bad[i]));
        assert_null(keys_of(KEY_ES256, "{\"keys\":[7,{" KEY "}]}"));
        assert_non_null(keys_of(KEY_RS256, "{\"keys\":[{" KEY "}]}"));
}

/* A set of so many keys, each with a kid of its own. */
static const char *many_keys(unsigned count) {
        static char text[(OUTSIDE_KEYS_MAX + 1) * (sizeof KEY + 32) + 32];
        size_t len = (size_t)sprintf(text, "{\"keys\":[");
        unsigned i;

        for (i = 0; i < count; i++)
                len += (size_t)sprintf(text + len, "%s{\"kid\":\"%u\"," KEY "}", i ? "," : "", i);
        strcpy(text + len, "]}");
        return text;
}

static void a_set_of_more_keys_than_there_is_room_for_is_refused(void **state) {
        (void)state;
        assert_null(keys_of(KEY_ES256, many_keys(OUTSIDE_KEYS_MAX)));
        assert_string_equal(keys_of(KEY_ES256, many_keys(OUTSIDE_KEYS_MAX + 1)),
                            "it has more than 100 keys");
}

static void of_several_keys_the_header_names_one(void **state) {
        _cleanup_(outside_keys_freep) struct outside_keys *read = NULL;

        (void)state;
        assert_null(outside_keys_read(
                KEY_ES256, TEXT("{\"keys\":[{\"kid\":\"a\"," KEY "},{" KEY "}]}"), &read));
        assert_ptr_equal(outside_keys_find(read, TEXT("a")), &read->at[0]);
        assert_null(outside_keys_find(read, TEXT("b")));
        assert_null(outside_keys_find(read, TEXT("")));
        assert_null(outside_keys_find(read, TEXT_NONE));
        assert_ptr_equal(outside_keys_find(keys, TEXT_NONE), &keys->at[0]);
}

static void the_libraries_are_looked_at_first(void **state) {
        (void)state;
        assert_true(self_check());
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_token_says_who_it_is),
                cmocka_unit_test(an_address_counts_only_when_it_is_one_and_verified),
                cmocka_unit_test(headers_that_ask_for_more_are_refused),
                cmocka_unit_test(claims_are_judged_by_our_own_rules),
                cmocka_unit_test(one_spelling_alone_is_read),
                cmocka_unit_test(what_is_longer_than_any_token_is_none),
                cmocka_unit_test(the_public_key_is_no_secret),
                cmocka_unit_test(a_set_without_a_usable_key_is_none),
                cmocka_unit_test(a_set_of_more_keys_than_there_is_room_for_is_refused),
                cmocka_unit_test(of_several_keys_the_header_names_one),
                cmocka_unit_test(the_libraries_are_looked_at_first),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
