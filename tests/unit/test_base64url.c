/* needs: libcrypto */
#include "../../common/jwt/base64url.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static int decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len) {
        return base64url_decode((struct text){text, len}, ret, 64, ret_len);
}

/* RFC 4648 10, without padding. */
static const struct {
        const char *bytes, *text;
} vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"},
};

static void vectors_hold_both_ways(void **state) {
        uint8_t bytes[64];
        char text[65];
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(vectors); i++) {
                base64url_encode(vectors[i].bytes, strlen(vectors[i].bytes), text);
                assert_string_equal(text, vectors[i].text);
                assert_int_equal(strlen(text), BASE64URL_LEN(strlen(vectors[i].bytes)));
                assert_int_equal(decode(text, strlen(text), bytes, &len), 0);
                assert_int_equal(len, strlen(vectors[i].bytes));
                assert_memory_equal(bytes, vectors[i].bytes, len);
        }
}

static void every_value_of_three_bytes_has_one_spelling(void **state) {
        uint8_t bytes[64] = {0};
        char text[8];
        unsigned value;
        size_t len;

        (void)state;
        for (value = 0; value < 1 << 24; value += 97) {
                uint8_t from[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

                base64url_encode(from, 3, text);
                assert_int_equal(decode(text, 4, bytes, &len), 0);
                assert_memory_equal(bytes, from, 3);
        }
}

/* Of the 64 last characters exactly those without stray bits may be. */
static void stray_last_bits_are_refused(void **state) {
        static const char alphabet[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char two[2] = {'A', 0}, three[3] = {'A', 'A', 0};
        uint8_t bytes[64];
        size_t len;
        int i;

        (void)state;
        for (i = 0; i < 64; i++) {
                two[1] = three[2] = alphabet[i];
                assert_int_equal(decode(two, 2, bytes, &len), i % 16 == 0 ? 0 : -EINVAL);
                assert_int_equal(decode(three, 3, bytes, &len), i % 4 == 0 ? 0 : -EINVAL);
        }
}

static void every_foreign_byte_is_refused_at_every_place(void **state) {
        uint8_t bytes[64];
        char text[8];
        int byte, place;
        size_t len;

        (void)state;
        for (byte = 0; byte < 256; byte++) {
                bool is_ours = byte > 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                                  "tuvwxyz0123456789-_",
                                                  byte);

                for (place = 0; place < 8; place++) {
                        memset(text, 'A', sizeof text);
                        text[place] = (char)byte;
                        assert_int_equal(decode(text, 8, bytes, &len), is_ours ? 0 : -EINVAL);
                }
        }
}

static void padding_and_lone_characters_are_refused(void **state) {
        static const char *const bad[] = {"Zg==",  "Zm8=", "=",     "A",
                                          "AAAAA", "Zg\n", "Zm9v ", "Z g"};
        uint8_t bytes[64];
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(decode(bad[i], strlen(bad[i]), bytes, &len), -EINVAL);
}

static void what_does_not_fit_is_not_written(void **state) {
        uint8_t bytes[4] = {1, 2, 3, 4};
        size_t len = 77;

        (void)state;
        assert_int_equal(base64url_decode(TEXT("AAAA"), bytes, 2, &len), -ENOSPC);
        assert_int_equal(len, 77);
        assert_int_equal(bytes[0], 1);
        assert_int_equal(base64url_decode(TEXT("AAAA"), bytes, 3, &len), 0);
        assert_int_equal(len, 3);
        assert_int_equal(bytes[3], 4);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(vectors_hold_both_ways),
                cmocka_unit_test(every_value_of_three_bytes_has_one_spelling),
                cmocka_unit_test(stray_last_bits_are_refused),
                cmocka_unit_test(every_foreign_byte_is_refused_at_every_place),
                cmocka_unit_test(padding_and_lone_characters_are_refused),
                cmocka_unit_test(what_does_not_fit_is_not_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
