/* needs: libcrypto */
#include "test_keys.h"

#include "../../common/cleanup.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 7515 A.3.1. */
#define SIGNED_BYTES                                                                            \
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define SIGNATURE \
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static EVP_PKEY *public_key;
static uint8_t vector[64];

static int open_key(void **state) {
        uint8_t bytes[64];

        (void)state;
        test_public(bytes);
        test_decode(SIGNATURE, vector, sizeof vector);
        return public_key_decode(KEY_ES256, bytes, sizeof bytes, &public_key);
}

static int close_key(void **state) {
        (void)state;
        EVP_PKEY_free(public_key);
        return 0;
}

static bool is_good(const uint8_t *signature, size_t len) {
        bool good = true;

        assert_int_equal(
                signature_check(KEY_ES256, public_key, TEXT(SIGNED_BYTES), signature, len, &good),
                0);
        assert_int_equal(ERR_peek_error(), 0);
        return good;
}

static void the_vector_of_rfc_7515_verifies(void **state) {
        (void)state;
        assert_true(is_good(vector, sizeof vector));
}

static void every_flipped_bit_is_refused(void **state) {
        uint8_t signature[64];
        unsigned bit;

        (void)state;
        for (bit = 0; bit < 512; bit++) {
                memcpy(signature, vector, sizeof signature);
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_false(is_good(signature, sizeof signature));
        }
}

static void other_bytes_are_refused(void **state) {
        bool good = true;

        (void)state;
        assert_int_equal(
                signature_check(KEY_ES256, public_key, TEXT(SIGNED_BYTES "A"), vector, 64, &good),
                0);
        assert_false(good);
        good = true;
        assert_int_equal(signature_check(KEY_ES256, public_key, TEXT_NONE, vector, 64, &good), 0);
        assert_false(good);
}

/* CVE-2022-21449 and its neighbours. */
static void scalars_out_of_range_are_refused(void **state) {
        uint8_t zero[32] = {0}, one[32] = {[31] = 1}, most[32], above[32], all[32];
        const uint8_t *const scalars[] = {zero, one, order, most, above, all};
        uint8_t signature[64];
        size_t r, s;

        (void)state;
        memcpy(most, order, 32);
        most[31]--;
        memcpy(above, order, 32);
        above[31]++;
        memset(all, 0xff, 32);
        for (r = 0; r < ELEMENTS(scalars); r++)
                for (s = 0; s < ELEMENTS(scalars); s++) {
                        memcpy(signature, scalars[r], 32);
                        memcpy(signature + 32, scalars[s], 32);
                        assert_false(is_good(signature, 64));
                }
        for (s = 0; s < ELEMENTS(scalars); s++) {
                memcpy(signature, vector, 32);
                memcpy(signature + 32, scalars[s], 32);
                assert_false(is_good(signature, 64));
        }
}

/* The known property that nothing may be keyed by a signature's bytes. */
static void the_twin_with_n_minus_s_verifies(void **state) {
        uint8_t twin[64];
        int i, borrow = 0;

        (void)state;
        memcpy(twin, vector, 32);
        for (i = 31; i >= 0; i--) {
                int difference = order[i] - vector[32 + i] - borrow;

                borrow = difference < 0;
                twin[32 + i] = (uint8_t)(difference + (borrow ? 256 : 0));
        }
        assert_true(is_good(twin, 64));
}

static void wrong_lengths_and_der_are_refused(void **state) {
        uint8_t longer[SIGNATURE_MAX] = {0}, digest[32], der[80];
        EVP_PKEY *key = test_private_key();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
        size_t len;

        (void)state;
        memcpy(longer, vector, 64);
        for (len = 0; len <= sizeof longer; len++)
                assert_int_equal(is_good(longer, len), len == 64);
        len = sizeof der;
        assert_int_equal(
                EVP_Digest(SIGNED_BYTES, sizeof SIGNED_BYTES - 1, digest, NULL, EVP_sha256(), NULL),
                1);
        assert_int_equal(EVP_PKEY_sign_init(context), 1);
        assert_int_equal(EVP_PKEY_sign(context, der, &len, digest, 32), 1);
        assert_false(is_good(der, len));
        assert_false(is_good(der, 64));
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(key);
}

static void what_we_sign_verifies(void **state) {
        EVP_PKEY *key = test_private_key();
        uint8_t signature[SIGNATURE_MAX];
        size_t len;
        int i;

        (void)state;
        for (i = 0; i < 600; i++) { /* one r or s in 256 begins with a zero byte */
                assert_int_equal(
                        signature_make(KEY_ES256, key, TEXT(SIGNED_BYTES), signature, &len), 0);
                assert_int_equal(len, 64);
                assert_true(is_good(signature, len));
        }
        EVP_PKEY_free(key);
}

static void a_key_of_another_kind_neither_signs_nor_verifies(void **state) {
        EVP_PKEY *p384 = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(2048);
        EVP_PKEY *const others[] = {p384, rsa};
        uint8_t signature[SIGNATURE_MAX], bytes[PAGE_PUBLIC_MAX];
        bool good = true;
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(others); i++) {
                assert_int_not_equal(
                        signature_make(KEY_ES256, others[i], TEXT("x"), signature, &len), 0);
                assert_int_equal(signature_check(KEY_ES256, others[i], TEXT(SIGNED_BYTES), vector,
                                                 64, &good),
                                 0);
                assert_false(good);
                assert_int_equal(public_key_encode(KEY_ES256, others[i], bytes, &len), -EBADMSG);
                EVP_PKEY_free(others[i]);
        }
}

static void an_unknown_algorithm_verifies_nothing(void **state) {
        unsigned algorithm;
        bool good = true;

        (void)state;
        for (algorithm = 0; algorithm < 300; algorithm++) {
                if (algorithm > KEY_NONE && algorithm < KEY_ALGORITHM_COUNT)
                        continue;
                assert_null(algorithm_name(algorithm));
                assert_false(algorithm_is_public(algorithm));
                assert_int_equal(signature_check(algorithm, public_key, TEXT(SIGNED_BYTES), vector,
                                                 algorithm ? 64 : 0, &good),
                                 0);
                assert_false(good);
        }
}

static void public_keys_go_round(void **state) {
        uint8_t from[64], to[PAGE_PUBLIC_MAX];
        size_t len;

        (void)state;
        test_public(from);
        assert_int_equal(public_key_encode(KEY_ES256, public_key, to, &len), 0);
        assert_int_equal(len, 64);
        assert_memory_equal(from, to, 64);
}

static void points_off_the_curve_are_refused(void **state) {
        uint8_t bytes[65], zero[64] = {0}, all[64];
        EVP_PKEY *key = NULL;
        size_t len;

        (void)state;
        memset(bytes, 0, sizeof bytes);
        memset(all, 0xff, sizeof all);
        test_public(bytes);
        for (len = 0; len <= 65; len++)
                if (len != 64)
                        assert_int_equal(public_key_decode(KEY_ES256, bytes, len, &key), -EBADMSG);
        bytes[63] ^= 1;
        assert_int_equal(public_key_decode(KEY_ES256, bytes, 64, &key), -EBADMSG);
        assert_int_equal(public_key_decode(KEY_ES256, zero, 64, &key), -EBADMSG);
        assert_int_equal(public_key_decode(KEY_ES256, all, 64, &key), -EBADMSG);
        assert_null(key);
        assert_int_equal(ERR_peek_error(), 0);
}

/* The expected text was computed from the JSON of RFC 7638 3.1 with another SHA-256. */
static void the_thumbprint_is_that_of_rfc_7638(void **state) {
        char kid[KID_LEN + 1];
        uint8_t bytes[64];

        (void)state;
        test_public(bytes);
        assert_int_equal(public_key_thumbprint(KEY_ES256, bytes, 64, kid), 0);
        assert_string_equal(kid, TEST_KEY_THUMBPRINT);
        assert_int_equal(public_key_thumbprint(KEY_ES256, bytes, 63, kid), -EBADMSG);
        assert_int_equal(public_key_thumbprint(KEY_NONE, bytes, 64, kid), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_vector_of_rfc_7515_verifies),
                cmocka_unit_test(every_flipped_bit_is_refused),
                cmocka_unit_test(other_bytes_are_refused),
                cmocka_unit_test(scalars_out_of_range_are_refused),
                cmocka_unit_test(the_twin_with_n_minus_s_verifies),
                cmocka_unit_test(wrong_lengths_and_der_are_refused),
                cmocka_unit_test(what_we_sign_verifies),
                cmocka_unit_test(a_key_of_another_kind_neither_signs_nor_verifies),
                cmocka_unit_test(an_unknown_algorithm_verifies_nothing),
                cmocka_unit_test(public_keys_go_round),
                cmocka_unit_test(points_off_the_curve_are_refused),
                cmocka_unit_test(the_thumbprint_is_that_of_rfc_7638),
        };

        return cmocka_run_group_tests(tests, open_key, close_key);
}
