/* needs: libcrypto */
#include "../../common/jwt/verify.h"

#include "../../common/cleanup.h"
#include "test_keys.h"

#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW INT64_C(1800000000)

#define ACCESS                                                                                    \
        "{\"iss\":\"" TEST_ISSUER "\",\"sub\":\"7\",\"aud\":[\"" TEST_ISSUER "\",\"https://b\"]," \
        "\"exp\":1800000900,\"iat\":1800000000,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","               \
        "\"client_id\":\"local\"}"

#define TICKET                                                                       \
        "{\"iss\":\"" TEST_ISSUER "\",\"sub\":\"uid:1000\",\"aud\":\"jeton:login\"," \
        "\"exp\":1800000030,\"iat\":1800000000,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","  \
        "\"username\":\"alice\",\"uid\":1000,\"nonce\":\"n\",\"service\":\"sshd\","  \
        "\"phase\":\"auth\",\"verdict\":\"granted\"}"

static struct keyset *keyset;
static struct revocations revocations;
static const struct expectation access_here = {
        .audience = TEST_ISSUER, .now = NOW + 10, .leeway = 5};
static const struct expectation ticket_here = {
        .ticket = true, .audience = "jeton:login", .now = NOW + 10, .leeway = 5};

static int open_keyset(void **state) {
        (void)state;
        keyset = test_keyset();
        return 0;
}

static int open_remembering_keyset(void **state) {
        open_keyset(state);
        return verified_new(&keyset->verified);
}

static int close_keyset(void **state) {
        (void)state;
        keyset_free(keyset);
        return 0;
}

static const char *header_of(enum token_kind kind) {
        return keyset->keys[0].headers[kind];
}

static enum verdict verdict_once(struct text token, const struct expectation *expect,
                                 struct claims *ret) {
        static const struct claims none;
        enum verdict verdict = VERDICT_VALID;

        memset(ret, 0x55, sizeof *ret);
        assert_int_equal(token_verify(keyset, &revocations, token, expect, &verdict, ret), 0);
        if (verdict == VERDICT_INVALID)
                assert_memory_equal(ret, &none, sizeof none);
        return verdict;
}

/* Whoever looks twice sees the same, also where the first look is remembered. */
static enum verdict verdict_of(struct text token, const struct expectation *expect,
                               struct claims *ret) {
        enum verdict first;
        struct claims said;

        first = verdict_once(token, expect, &said);
        assert_int_equal(verdict_once(token, expect, ret), first);
        assert_string_equal(ret->sub, said.sub);
        assert_string_equal(ret->jti, said.jti);
        return first;
}

static enum verdict verdict_of_signed(const char *header, const char *payload,
                                      const struct expectation *expect) {
        char token[TOKEN_MAX + 1];
        struct claims claims;

        test_token(header, text_of(payload), token);
        return verdict_of(text_of(token), expect, &claims);
}

static void good_tokens_are_valid(void **state) {
        char token[TOKEN_MAX + 1];
        struct claims claims;

        (void)state;
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_VALID);
        assert_string_equal(claims.sub, "7");
        test_token(header_of(TOKEN_KIND_PLAIN), TEXT(ACCESS), token);
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_VALID);
        test_token(header_of(TOKEN_KIND_TICKET), TEXT(TICKET), token);
        assert_int_equal(verdict_of(text_of(token), &ticket_here, &claims), VERDICT_VALID);
        assert_int_equal(claims.uid, 1000);
}

static void a_revoked_token_is_not_valid(void **state) {
        struct page_revocation entry = {
                .kind = REVOKED_SUBJECT, .before = NOW + 1, .drop_at = NOW + 900};
        struct claims claims;
        char token[TOKEN_MAX + 1];

        (void)state;
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        assert_int_equal(revocation_digest(TEXT("7"), entry.value), 0);
        assert_int_equal(revocations_add(&revocations, &entry), 0);
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_REVOKED);
        revocations_clear(&revocations);
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_VALID);
}

static void the_header_is_typ_alg_and_kid_and_nothing_else(void **state) {
        uint8_t json[HEADER_MAX] = {0};
        size_t len;

        (void)state;
        assert_int_equal(base64url_decode(text_of(header_of(TOKEN_KIND_ACCESS)), json,
                                          sizeof json - 1, &len),
                         0);
        assert_string_equal((char *)json, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":"
                                          "\"" TEST_KEY_THUMBPRINT "\"}");
}

/* Whoever knows the key of an algorithm of ours signs with it under these headers: only the bytes
 * of a header of ours are taken. */
static void no_other_header_is_looked_at(void **state) {
        static const char *const headers[] = {
                "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"None\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"NONE\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"nOnE\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"\\u006eone\",\"typ\":\"at+jwt\"}",
                "{\"alg\":\"none\"}",
                "{\"alg\":\"\"}",
                "{\"alg\":null}",
                "{}",
                "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"ES256\"}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
                "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\": \"ES256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"ES256\",\"typ\":\"AT+JWT\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"} ",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../../etc/passwd\"}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"' OR 1=1\"}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT
                "\",\"crit\":[\"b64\"],\"b64\":false}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT
                "\",\"jku\":\"https://evil.example/jwks\"}",
                "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
                "\"x\":\"" TEST_KEY_X "\",\"y\":\"" TEST_KEY_Y "\"}}",
                "{\"alg\":\"ES256\",\"alg\":\"none\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}",
        };
        char header[1024];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(headers); i++) {
                base64url_encode(headers[i], strlen(headers[i]), header);
                assert_int_equal(verdict_of_signed(header, ACCESS, &access_here), VERDICT_INVALID);
        }
}

static void a_token_without_a_signature_is_invalid(void **state) {
        char token[TOKEN_MAX + 1];
        struct claims claims;

        (void)state;
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        strrchr(token, '.')[1] = '\0';
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_INVALID);
        *strrchr(token, '.') = '\0';
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_INVALID);
}

/* Key confusion: HMAC with what everybody knows of the key, under our own header and under HS256.
 */
static void a_public_key_is_no_secret(void **state) {
        static const char hs256[] =
                "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"" TEST_KEY_THUMBPRINT "\"}";
        char header[256], token[TOKEN_MAX + 1];
        const char *headers[] = {header_of(TOKEN_KIND_ACCESS), header};
        uint8_t secret[64], mac[64];
        struct claims claims;
        size_t i, size, len;

        (void)state;
        test_public(secret);
        base64url_encode(hs256, sizeof hs256 - 1, header);
        for (i = 0; i < 2; i++)
                for (size = 0; size <= 64; size += 32) {
                        len = (size_t)snprintf(token, sizeof token, "%s.", headers[i]);
                        base64url_encode(ACCESS, sizeof ACCESS - 1, token + len);
                        assert_non_null(HMAC(EVP_sha512(), secret, (int)size, (uint8_t *)token,
                                             strlen(token), mac, NULL));
                        len = strlen(token);
                        token[len++] = '.';
                        base64url_encode(mac, i == 0 ? 64 : 32, token + len);
                        assert_int_equal(verdict_of(text_of(token), &access_here, &claims),
                                         VERDICT_INVALID);
                }
}

static void every_changed_character_makes_it_invalid(void **state) {
        char token[TOKEN_MAX + 1], changed[TOKEN_MAX + 1];
        struct claims claims;
        size_t i;

        (void)state;
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        for (i = 0; i < strlen(token); i++) {
                memcpy(changed, token, sizeof changed);
                changed[i] = token[i] == 'B' ? 'C' : 'B';
                assert_int_equal(verdict_of(text_of(changed), &access_here, &claims),
                                 VERDICT_INVALID);
        }
}

static void there_is_one_spelling(void **state) {
        static const char *const tails[] = {"=", "==", "\n", " ", ".", "A", "!", "%3D", "."};
        char token[TOKEN_MAX + 1], spelt[TOKEN_MAX + 8];
        struct claims claims;
        size_t i;

        (void)state;
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        for (i = 0; i < ELEMENTS(tails); i++) {
                snprintf(spelt, sizeof spelt, "%s%s", token, tails[i]);
                assert_int_equal(verdict_of(text_of(spelt), &access_here, &claims),
                                 VERDICT_INVALID);
                snprintf(spelt, sizeof spelt, "%s%s", tails[i], token);
                assert_int_equal(verdict_of(text_of(spelt), &access_here, &claims),
                                 VERDICT_INVALID);
        }
        /* A NUL and what may follow it belong to the text. */
        assert_int_equal(verdict_of((struct text){token, strlen(token) + 1}, &access_here, &claims),
                         VERDICT_INVALID);
}

static void tickets_and_access_tokens_are_not_exchanged(void **state) {
        struct expectation any_access = access_here, any_ticket = ticket_here;

        (void)state;
        any_access.audience = any_ticket.audience = NULL;
        assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_TICKET), TICKET, &any_access),
                         VERDICT_INVALID);
        assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_ACCESS), ACCESS, &any_ticket),
                         VERDICT_INVALID);
        assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_PLAIN), ACCESS, &any_ticket),
                         VERDICT_INVALID);
        /* Not by its payload either: each kind has claims that it must have. */
        assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_TICKET), ACCESS, &any_ticket),
                         VERDICT_INVALID);
        assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_ACCESS), TICKET, &any_access),
                         VERDICT_INVALID);
}

static const struct {
        enum token_kind kind;
        const char *member;
} required[] = {
        {TOKEN_KIND_ACCESS, "\"iss\":\"" TEST_ISSUER "\","},
        {TOKEN_KIND_ACCESS, "\"sub\":\"7\","},
        {TOKEN_KIND_ACCESS, "\"aud\":[\"" TEST_ISSUER "\",\"https://b\"],"},
        {TOKEN_KIND_ACCESS, "\"exp\":1800000900,"},
        {TOKEN_KIND_ACCESS, "\"iat\":1800000000,"},
        {TOKEN_KIND_ACCESS, "\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","},
        {TOKEN_KIND_ACCESS, ",\"client_id\":\"local\""},
        {TOKEN_KIND_TICKET, "\"iss\":\"" TEST_ISSUER "\","},
        {TOKEN_KIND_TICKET, "\"sub\":\"uid:1000\","},
        {TOKEN_KIND_TICKET, "\"aud\":\"jeton:login\","},
        {TOKEN_KIND_TICKET, "\"exp\":1800000030,"},
        {TOKEN_KIND_TICKET, "\"iat\":1800000000,"},
        {TOKEN_KIND_TICKET, "\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","},
        {TOKEN_KIND_TICKET, "\"username\":\"alice\","},
        {TOKEN_KIND_TICKET, "\"uid\":1000,"},
        {TOKEN_KIND_TICKET, "\"nonce\":\"n\","},
        {TOKEN_KIND_TICKET, "\"service\":\"sshd\","},
        {TOKEN_KIND_TICKET, "\"phase\":\"auth\","},
        {TOKEN_KIND_TICKET, ",\"verdict\":\"granted\""},
};

static void each_required_claim_is_required(void **state) {
        struct claims claims;
        char payload[1024];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(required); i++) {
                bool ticket = required[i].kind == TOKEN_KIND_TICKET;
                const char *whole = ticket ? TICKET : ACCESS;
                const char *at = strstr(whole, required[i].member);

                assert_non_null(at);
                snprintf(payload, sizeof payload, "%.*s%s", (int)(at - whole), whole,
                         at + strlen(required[i].member));
                assert_int_equal(claims_read(text_of(payload), &claims), 0);
                assert_int_equal(verdict_of_signed(header_of(required[i].kind), payload,
                                                   ticket ? &ticket_here : &access_here),
                                 VERDICT_INVALID);
        }
}

static void a_signed_payload_that_is_no_claims_is_invalid(void **state) {
        static const char *const payloads[] = {"",         "{}",  "[]", "x", "{\"sub\":\"7\"}",
                                               ACCESS " ", "null"};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(payloads); i++)
                assert_int_equal(
                        verdict_of_signed(header_of(TOKEN_KIND_ACCESS), payloads[i], &access_here),
                        VERDICT_INVALID);
}

static enum verdict verdict_at(int64_t now, int64_t leeway) {
        struct expectation expect = {.audience = TEST_ISSUER, .now = now, .leeway = leeway};
        char token[TOKEN_MAX + 1];
        enum verdict verdict;
        struct claims claims;

        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        verdict = verdict_of(text_of(token), &expect, &claims);
        assert_string_equal(claims.sub, "7"); /* the token's own, good or not */
        return verdict;
}

static void times_are_kept_to_the_second(void **state) {
        (void)state;
        assert_int_equal(verdict_at(NOW + 899, 0), VERDICT_VALID);
        assert_int_equal(verdict_at(NOW + 900, 0), VERDICT_EXPIRED);
        assert_int_equal(verdict_at(NOW + 904, 5), VERDICT_VALID);
        assert_int_equal(verdict_at(NOW + 905, 5), VERDICT_EXPIRED);
        assert_int_equal(verdict_at(NOW, 0), VERDICT_VALID);
        assert_int_equal(verdict_at(NOW - 1, 0), VERDICT_NOT_YET);
        assert_int_equal(verdict_at(NOW - 5, 5), VERDICT_VALID);
        assert_int_equal(verdict_at(NOW - 6, 5), VERDICT_NOT_YET);
        assert_int_equal(verdict_at(0, 5), VERDICT_NOT_YET);
}

static void the_issuer_is_compared_to_the_byte(void **state) {
        static const char *const issuers[] = {"https://host.example/", "https://host.exampl",
                                              "https://host.example.evil.example",
                                              "HTTPS://host.example", "host.example"};
        char payload[1024];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(issuers); i++) {
                snprintf(payload, sizeof payload, "{\"iss\":\"%s\",%s", issuers[i],
                         strstr(ACCESS, "\"sub\""));
                assert_int_equal(
                        verdict_of_signed(header_of(TOKEN_KIND_ACCESS), payload, &access_here),
                        VERDICT_WRONG_ISSUER);
        }
}

static void the_audience_is_a_whole_word_of_the_list(void **state) {
        static const struct {
                const char *audience;
                enum verdict verdict;
        } cases[] = {
                {TEST_ISSUER, VERDICT_VALID},
                {"https://b", VERDICT_VALID},
                {NULL, VERDICT_VALID},
                {"https://", VERDICT_WRONG_AUDIENCE},
                {"https://bb", VERDICT_WRONG_AUDIENCE},
                {"", VERDICT_WRONG_AUDIENCE},
                {TEST_ISSUER " https://b", VERDICT_WRONG_AUDIENCE},
                {"HTTPS://b", VERDICT_WRONG_AUDIENCE},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++) {
                struct expectation expect = access_here;

                expect.audience = cases[i].audience;
                assert_int_equal(verdict_of_signed(header_of(TOKEN_KIND_ACCESS), ACCESS, &expect),
                                 cases[i].verdict);
        }
}

static void keys_of_every_published_state_verify(void **state) {
        enum key_state was = keyset->keys[0].state, key_state;

        (void)state;
        for (key_state = KEY_PREPARED; key_state <= KEY_RETIRED; key_state++) {
                keyset->keys[0].state = key_state;
                assert_int_equal(
                        verdict_of_signed(header_of(TOKEN_KIND_ACCESS), ACCESS, &access_here),
                        VERDICT_VALID);
        }
        keyset->keys[0].state = was;
}

static void huge_inputs_are_refused_at_once(void **state) {
        enum { SIZE = 1 << 20 };
        char *bytes = malloc(SIZE);
        struct claims claims;
        clock_t began = clock();
        size_t i;

        (void)state;
        memset(bytes, 'A', SIZE);
        assert_int_equal(verdict_of((struct text){bytes, SIZE}, &access_here, &claims),
                         VERDICT_INVALID);
        memset(bytes, '.', SIZE);
        for (i = 0; i < 100000; i += i < 10 ? 1 : 9999)
                assert_int_equal(verdict_of((struct text){bytes, i}, &access_here, &claims),
                                 VERDICT_INVALID);
        /* A header of ours in front of it does not help. */
        i = strlen(header_of(TOKEN_KIND_ACCESS));
        memcpy(bytes, header_of(TOKEN_KIND_ACCESS), i);
        memset(bytes + i + 1, 'A', SIZE - i - 1);
        bytes[SIZE - 87] = '.';
        assert_int_equal(verdict_of((struct text){bytes, SIZE}, &access_here, &claims),
                         VERDICT_INVALID);
        assert_true(clock() - began < CLOCKS_PER_SEC);
        free(bytes);
}

static void a_keyset_without_keys_verifies_nothing(void **state) {
        struct keys_table table = {.issuer = TEST_ISSUER};
        struct keyset *empty, *kept = keyset;
        char token[TOKEN_MAX + 1];
        struct claims claims;

        (void)state;
        assert_int_equal(keyset_load(&table, &empty), 0);
        test_token(header_of(TOKEN_KIND_ACCESS), TEXT(ACCESS), token);
        keyset = empty;
        assert_int_equal(verdict_of(text_of(token), &access_here, &claims), VERDICT_INVALID);
        keyset = kept;
        keyset_free(empty);
}

static void bad_tables_make_no_keyset(void **state) {
        struct keys_table good = {.issuer = TEST_ISSUER, .count = 1}, bad;
        struct keyset *none = NULL;

        (void)state;
        memcpy(good.keys[0].kid, TEST_KEY_THUMBPRINT, KID_LEN);
        good.keys[0].algorithm = KEY_ES256;
        good.keys[0].state = KEY_ACTIVE;
        good.keys[0].public_len = 64;
        test_public(good.keys[0].public_key);
#define REFUSED(change)                                               \
        do {                                                          \
                bad = good;                                           \
                change;                                               \
                assert_int_equal(keyset_load(&bad, &none), -EBADMSG); \
                assert_null(none);                                    \
        } while (0)
        REFUSED(bad.count = PAGE_KEYS_MAX + 1);
        REFUSED(bad.count = 2);
        REFUSED(bad.keys[0].algorithm = KEY_NONE);
        REFUSED(bad.keys[0].algorithm = 77);
        REFUSED(bad.keys[0].state = KEY_STATE_NONE);
        REFUSED(bad.keys[0].state = 9);
        REFUSED(bad.keys[0].public_len = 63);
        REFUSED(bad.keys[0].public_len = 100000);
        REFUSED(bad.keys[0].public_key[5] ^= 1);
        REFUSED(bad.keys[0].kid[3] = '"');
        REFUSED(bad.keys[0].kid[KID_LEN] = 'A');
        REFUSED(memset(bad.issuer, 'a', sizeof bad.issuer));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_tokens_are_valid),
                cmocka_unit_test(a_revoked_token_is_not_valid),
                cmocka_unit_test(the_header_is_typ_alg_and_kid_and_nothing_else),
                cmocka_unit_test(no_other_header_is_looked_at),
                cmocka_unit_test(a_token_without_a_signature_is_invalid),
                cmocka_unit_test(a_public_key_is_no_secret),
                cmocka_unit_test(every_changed_character_makes_it_invalid),
                cmocka_unit_test(there_is_one_spelling),
                cmocka_unit_test(tickets_and_access_tokens_are_not_exchanged),
                cmocka_unit_test(each_required_claim_is_required),
                cmocka_unit_test(a_signed_payload_that_is_no_claims_is_invalid),
                cmocka_unit_test(times_are_kept_to_the_second),
                cmocka_unit_test(the_issuer_is_compared_to_the_byte),
                cmocka_unit_test(the_audience_is_a_whole_word_of_the_list),
                cmocka_unit_test(keys_of_every_published_state_verify),
                cmocka_unit_test(huge_inputs_are_refused_at_once),
                cmocka_unit_test(a_keyset_without_keys_verifies_nothing),
                cmocka_unit_test(bad_tables_make_no_keyset),
        };

        return cmocka_run_group_tests_name("each signature is checked", tests, open_keyset,
                                           close_keyset) +
               cmocka_run_group_tests_name("good ones are remembered", tests,
                                           open_remembering_keyset, close_keyset);
}
