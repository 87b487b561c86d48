/* needs: libcrypto */
#include "../../common/jwt/claims.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static int read_json(const char *json, struct claims *ret) {
        return claims_read(text_of(json), ret);
}

static void assert_refused(const char *json) {
        static const struct claims none;
        struct claims claims;

        memset(&claims, 0x55, sizeof claims);
        if (read_json(json, &claims) != -EBADMSG)
                fail_msg("accepted: %s", json);
        assert_memory_equal(&claims, &none, sizeof none);
}

static void members_come_in_a_fixed_order_without_blanks(void **state) {
        struct claims claims = {
                .verdict = "granted",
                .iss = "https://h",
                .sub = "1",
                .aud = "https://h",
                .exp = 2,
                .iat = 1,
                .scope = "a b",
                .roles = "staff admin",
                .has_uid = true,
                .uid = 0,
        };
        char json[CLAIMS_JSON_MAX];
        size_t len;

        (void)state;
        assert_int_equal(claims_write(&claims, json, sizeof json, &len), 0);
        json[len] = '\0';
        assert_string_equal(json, "{\"iss\":\"https://h\",\"sub\":\"1\",\"aud\":\"https://h\","
                                  "\"exp\":2,\"iat\":1,\"scope\":\"a b\","
                                  "\"roles\":[\"staff\",\"admin\"],\"uid\":0,"
                                  "\"verdict\":\"granted\"}");
}

static void several_audiences_are_an_array(void **state) {
        struct claims claims = {.aud = "https://a https://b"}, back;
        char json[128];
        size_t len;

        (void)state;
        assert_int_equal(claims_write(&claims, json, sizeof json, &len), 0);
        json[len] = '\0';
        assert_string_equal(json, "{\"aud\":[\"https://a\",\"https://b\"]}");
        assert_int_equal(read_json(json, &back), 0);
        assert_string_equal(back.aud, claims.aud);
}

static void the_writer_never_writes_past_its_room(void **state) {
        struct claims claims = {.iss = "https://host.example", .sub = "12", .exp = 1234567890};
        char json[128];
        size_t need, size, len = 99;

        (void)state;
        assert_int_equal(claims_write(&claims, json, sizeof json, &need), 0);
        for (size = 0; size < need; size++) {
                memset(json, '#', sizeof json);
                assert_int_equal(claims_write(&claims, json, size, &len), -EMSGSIZE);
                assert_int_equal(json[size], '#');
                assert_int_equal(len, 99);
        }
        assert_int_equal(claims_write(&claims, json, need, &len), 0);
}

static void the_writer_refuses_what_is_no_printable_utf8(void **state) {
        static const char *const bad[] = {"\n",       "a\x01",           "\x7f",         "\xc2\x85",
                                          "\xff",     "\xc0\x80",        "\xed\xa0\x80", "\xe2\x82",
                                          "ok\x1b[m", "\xf4\x90\x80\x80"};
        char json[512];
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++) {
                struct claims claims = {0};

                snprintf(claims.sub, sizeof claims.sub, "%s", bad[i]);
                assert_int_equal(claims_write(&claims, json, sizeof json, &len), -EINVAL);
                claims.sub[0] = '\0';
                snprintf(claims.roles, sizeof claims.roles, "%s", bad[i]);
                assert_int_equal(claims_write(&claims, json, sizeof json, &len), -EINVAL);
        }
}

static unsigned seed = 20;

static unsigned draw(unsigned below) {
        seed = seed * 1103515245 + 12345;
        return seed / 65536 % below;
}

/* Quotes, backslashes and characters of every length in UTF-8. */
static void draw_text(char *ret, size_t size, bool spaces) {
        static const char *const pieces[] = {
                "a", "Z", "\"", "\\", "/", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " "};
        size_t len = 0;
        const char *piece = pieces[draw(8)];

        for (; len + strlen(piece) < size && (len == 0 || draw(12)); piece = pieces[draw(8)]) {
                len += (size_t)snprintf(ret + len, size - len, "%s", piece);
                if (spaces && !draw(4) && len + 5 < size) {
                        len += (size_t)snprintf(ret + len, size - len, " w");
                }
        }
}

static void draw_claims(struct claims *ret) {
        memset(ret, 0, sizeof *ret);
        draw_text(ret->iss, sizeof ret->iss, false);
        draw_text(ret->sub, sizeof ret->sub, true);
        draw_text(ret->aud, sizeof ret->aud, draw(2));
        draw_text(ret->jti, sizeof ret->jti, false);
        draw_text(ret->username, sizeof ret->username, true);
        if (draw(2))
                draw_text(ret->scope, sizeof ret->scope, true);
        if (draw(2))
                draw_text(ret->roles, sizeof ret->roles, true);
        if (draw(2))
                draw_text(ret->amr, sizeof ret->amr, true);
        if (draw(2))
                draw_text(ret->phase, sizeof ret->phase, false);
        ret->exp = 1 + (int64_t)draw(65536) * draw(65536);
        ret->auth_time = draw(3) ? 0 : INT64_C(1) << 53;
        ret->has_uid = draw(2);
        ret->uid = ret->has_uid ? (draw(2) ? UINT32_MAX : draw(65536)) : 0;
}

static void what_was_written_is_read_back(void **state) {
        struct claims claims, back;
        char json[CLAIMS_JSON_MAX];
        size_t len;
        int i;

        (void)state;
        for (i = 0; i < 20000; i++) {
                draw_claims(&claims);
                assert_int_equal(claims_write(&claims, json, sizeof json, &len), 0);
                assert_int_equal(claims_read((struct text){json, len}, &back), 0);
                assert_memory_equal(&claims, &back, sizeof claims);
        }
}

static void every_cut_is_refused(void **state) {
        struct claims claims, back;
        char json[CLAIMS_JSON_MAX];
        size_t len, cut;

        (void)state;
        draw_claims(&claims);
        assert_int_equal(claims_write(&claims, json, sizeof json, &len), 0);
        for (cut = 0; cut < len; cut++)
                assert_int_equal(claims_read((struct text){json, cut}, &back), -EBADMSG);
}

static void escapes_are_decoded(void **state) {
        struct claims claims;

        (void)state;
        assert_int_equal(read_json("{\"\\u0073ub\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\\"\\/\"}",
                                   &claims),
                         0);
        assert_string_equal(claims.sub, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"/");
}

static void bad_escapes_are_refused(void **state) {
        static const char *const bad[] = {
                "{\"sub\":\"\\u004\"}",
                "{\"sub\":\"\\u004g\"}",
                "{\"sub\":\"\\u\"}",
                "{\"sub\":\"\\x41\"}",
                "{\"sub\":\"\\U0041\"}",
                "{\"sub\":\"\\\"}",
                "{\"sub\":\"\\u0000\"}",
                "{\"sub\":\"a\\u0000b\"}",
                "{\"sub\":\"\\n\"}",
                "{\"sub\":\"\\u000a\"}",
                "{\"sub\":\"\\u007f\"}",
                "{\"sub\":\"\\u0085\"}",
                "{\"sub\":\"\\ud83d\"}",
                "{\"sub\":\"\\ude00\"}",
                "{\"sub\":\"\\ud83dx\"}",
                "{\"sub\":\"\\ud83d\\u0041\"}",
                "{\"sub\":\"\\ud83d\\ud83d\"}",
                "{\"sub\":\"\\ude00\\ud83d\"}",
                "{\"sub\":\"\\ud83d\\",
                "{\"sub\":\"\\u00",
                "{\"sub\":\"\n\"}",
                "{\"sub\":\"\xff\"}",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i]);
}

static void duplicates_and_strangers_are_refused(void **state) {
        static const char *const bad[] = {
                "{\"sub\":\"1\",\"sub\":\"1\"}",
                "{\"sub\":\"1\",\"\\u0073ub\":\"2\"}",
                "{\"exp\":1,\"exp\":1}",
                "{\"uid\":1,\"uid\":1}",
                "{\"aud\":\"a\",\"aud\":[\"b\"]}",
                "{\"nbf\":1}",
                "{\"Sub\":\"1\"}",
                "{\"sub \":\"1\"}",
                "{\"\":\"1\"}",
                "{\"subx\":\"1\"}",
                "{\"su\":\"1\"}",
                "{\"a_name_longer_than_any\":\"1\"}",
                "{\"has_uid\":1}",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i]);
}

static void only_one_flat_object_is_read(void **state) {
        static const char *const bad[] = {
                "",
                "{",
                "}",
                "{}",
                "[]",
                "null",
                "[{\"sub\":\"1\"}]",
                "{\"sub\":{\"a\":\"1\"}}",
                "{\"sub\":[\"1\"]}",
                "{\"sub\":1}",
                "{\"sub\":null}",
                "{\"sub\":true}",
                "{\"roles\":[[\"a\"]]}",
                "{\"sub\":\"1\",}",
                "{,\"sub\":\"1\"}",
                "{\"sub\":\"1\"}}",
                "{\"sub\":\"1\"} ",
                "{\"sub\":\"1\"}\n",
                " {\"sub\":\"1\"}",
                "{ \"sub\":\"1\"}",
                "{\"sub\" :\"1\"}",
                "{\"sub\": \"1\"}",
                "\xef\xbb\xbf{\"sub\":\"1\"}",
                "{\"sub\":\"1\"}{\"sub\":\"1\"}",
                "{'sub':'1'}",
                "{sub:\"1\"}",
                "{\"sub\":\"1\"/**/}",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i]);
}

static void deep_nesting_costs_nothing(void **state) {
        static char brackets[100001], json[100020];

        (void)state;
        memset(brackets, '[', sizeof brackets - 1);
        assert_refused(brackets);
        snprintf(json, sizeof json, "{\"roles\":%s", brackets);
        assert_refused(json);
}

static void numbers_are_plain_and_bounded(void **state) {
        static const char *const bad[] = {
                "{\"exp\":-1}",
                "{\"exp\":01}",
                "{\"exp\":1.0}",
                "{\"exp\":1e3}",
                "{\"exp\":+1}",
                "{\"exp\":\"1\"}",
                "{\"exp\":}",
                "{\"exp\":0}",
                "{\"exp\":9007199254740993}",
                "{\"exp\":18446744073709551617}",
                "{\"uid\":4294967296}",
                "{\"uid\":-1}",
                "{\"exp\":99999999999999999999999999999999999999}",
        };
        struct claims claims;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i]);
        assert_int_equal(read_json("{\"exp\":9007199254740992,\"uid\":4294967295}", &claims), 0);
        assert_true(claims.exp == INT64_C(1) << 53);
        assert_true(claims.uid == UINT32_MAX && claims.has_uid);
        assert_int_equal(read_json("{\"exp\":1}", &claims), 0);
        assert_false(claims.has_uid);
}

/* A word with a space in it would be two words to whoever reads the list. */
static void words_are_words(void **state) {
        static const char *const bad[] = {
                "{\"aud\":\"a b\"}",         "{\"aud\":[\"a b\"]}",
                "{\"roles\":[\"admin x\"]}", "{\"roles\":[]}",
                "{\"roles\":[\"\"]}",        "{\"roles\":[\"a\",]}",
                "{\"roles\":[\"a\" \"b\"]}", "{\"roles\":\"a\"}",
                "{\"roles\":[1]}",           "{\"roles\":[\"a\",\"\"]}",
                "{\"amr\":[\"a\\u0020b\"]}", "{\"aud\":\"\"}",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i]);
}

static void strings_end_where_their_array_does(void **state) {
        char json[512], words[512];
        struct claims claims;
        int len;

        (void)state;
        for (len = 60; len <= 70; len++) {
                snprintf(json, sizeof json, "{\"service\":\"%0*d\"}", len, 0);
                assert_int_equal(read_json(json, &claims), len <= SERVICE_MAX ? 0 : -EBADMSG);
                /* In a list: the last word, and an empty one, just at the end. */
                snprintf(words, sizeof words, "{\"amr\":[\"a\",\"%0*d\"]}", len, 0);
                assert_int_equal(read_json(words, &claims), len <= AMR_MAX - 2 ? 0 : -EBADMSG);
                snprintf(words, sizeof words, "{\"amr\":[\"%0*d\",\"\"]}", len, 0);
                assert_refused(words);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_come_in_a_fixed_order_without_blanks),
                cmocka_unit_test(several_audiences_are_an_array),
                cmocka_unit_test(the_writer_never_writes_past_its_room),
                cmocka_unit_test(the_writer_refuses_what_is_no_printable_utf8),
                cmocka_unit_test(what_was_written_is_read_back),
                cmocka_unit_test(every_cut_is_refused),
                cmocka_unit_test(escapes_are_decoded),
                cmocka_unit_test(bad_escapes_are_refused),
                cmocka_unit_test(duplicates_and_strangers_are_refused),
                cmocka_unit_test(only_one_flat_object_is_read),
                cmocka_unit_test(deep_nesting_costs_nothing),
                cmocka_unit_test(numbers_are_plain_and_bounded),
                cmocka_unit_test(words_are_words),
                cmocka_unit_test(strings_end_where_their_array_does),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
