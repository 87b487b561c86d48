/* The published examples of each algorithm beside ES256 (test_signature.c), and what none of them
 * takes.
 *
 * needs: libcrypto */
#include "test_keys.h"

#include "../../common/cleanup.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PAYLOAD                                                                                    \
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
        "cnVlfQ"

/* RFC 8037 A.1 to A.5. */
#define ED_D          "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED_X          "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_THUMBPRINT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define ED_BYTES      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED_SIGNATURE \
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

/* RFC 7515 A.1. */
#define HS_K \
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define HS_BYTES     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD
#define HS_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

/* RFC 7515 A.2. */
#define RS_N                                                                                       \
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt" \
        "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX" \
        "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5" \
        "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RS_BYTES "eyJhbGciOiJSUzI1NiJ9." PAYLOAD
#define RS_SIGNATURE                                                                               \
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W" \
        "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS" \
        "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv" \
        "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

static bool is_good(enum key_algorithm algorithm, EVP_PKEY *key, const char *bytes,
                    const uint8_t *signature, size_t len) {
        bool good = true;

        assert_int_equal(signature_check(algorithm, key, text_of(bytes), signature, len, &good), 0);
        assert_int_equal(ERR_peek_error(), 0);
        return good;
}

/* The signature verifies, and no other of its length does, nor one byte more or less. */
static void assert_verifies(enum key_algorithm algorithm, EVP_PKEY *key, const char *bytes,
                            const char *text, size_t len) {
        uint8_t signature[SIGNATURE_MAX + 1] = {0};
        size_t bit;

        test_decode(text, signature, len);
        assert_true(is_good(algorithm, key, bytes, signature, len));
        assert_false(is_good(algorithm, key, bytes + 1, signature, len));
        assert_false(is_good(algorithm, key, bytes, signature, len - 1));
        assert_false(is_good(algorithm, key, bytes, signature, len + 1));
        assert_false(is_good(algorithm, key, bytes, signature, 0));
        for (bit = 0; bit < len * 8; bit += 5) {
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_false(is_good(algorithm, key, bytes, signature, len));
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        memset(signature, 0, sizeof signature);
        assert_false(is_good(algorithm, key, bytes, signature, len));
}

static void assert_signs(enum key_algorithm algorithm, EVP_PKEY *key, const char *bytes,
                         const char *text, size_t wanted) {
        uint8_t signature[SIGNATURE_MAX], expected[SIGNATURE_MAX];
        size_t len;

        test_decode(text, expected, wanted);
        assert_int_equal(signature_make(algorithm, key, text_of(bytes), signature, &len), 0);
        assert_int_equal(len, wanted);
        assert_memory_equal(signature, expected, len);
}

static EVP_PKEY *eddsa_public(void) {
        uint8_t bytes[32];
        EVP_PKEY *key;

        test_decode(ED_X, bytes, sizeof bytes);
        assert_int_equal(public_key_decode(KEY_EDDSA, bytes, sizeof bytes, &key), 0);
        return key;
}

static void the_eddsa_example_of_rfc_8037_is_made_and_verified(void **state) {
        EVP_PKEY *public_key = eddsa_public(), *private_key;
        uint8_t d[32];

        (void)state;
        test_decode(ED_D, d, sizeof d);
        private_key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, sizeof d);
        assert_signs(KEY_EDDSA, private_key, ED_BYTES, ED_SIGNATURE, 64);
        assert_verifies(KEY_EDDSA, public_key, ED_BYTES, ED_SIGNATURE, 64);
        EVP_PKEY_free(private_key);
        EVP_PKEY_free(public_key);
}

static void the_eddsa_thumbprint_is_that_of_rfc_8037(void **state) {
        char kid[KID_LEN + 1];
        uint8_t bytes[32];

        (void)state;
        test_decode(ED_X, bytes, sizeof bytes);
        assert_int_equal(public_key_thumbprint(KEY_EDDSA, bytes, sizeof bytes, kid), 0);
        assert_string_equal(kid, ED_THUMBPRINT);
}

static void rsa_bytes(uint8_t ret[260]) {
        test_decode(RS_N, ret, 256);
        memcpy(ret + 256, "\0\1\0\1", 4);
}

static void the_rs256_example_of_rfc_7515_verifies(void **state) {
        uint8_t bytes[260], again[PAGE_PUBLIC_MAX];
        EVP_PKEY *key;
        size_t len;

        (void)state;
        rsa_bytes(bytes);
        assert_int_equal(public_key_decode(KEY_RS256, bytes, sizeof bytes, &key), 0);
        assert_verifies(KEY_RS256, key, RS_BYTES, RS_SIGNATURE, 256);
        assert_int_equal(public_key_encode(KEY_RS256, key, again, &len), 0);
        assert_int_equal(len, sizeof bytes);
        assert_memory_equal(again, bytes, len);
        EVP_PKEY_free(key);
}

static void the_hs256_example_of_rfc_7515_is_made_and_verified(void **state) {
        EVP_PKEY *key;
        uint8_t k[64];

        (void)state;
        test_decode(HS_K, k, sizeof k);
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, k, sizeof k);
        assert_signs(KEY_HS256, key, HS_BYTES, HS_SIGNATURE, 32);
        assert_verifies(KEY_HS256, key, HS_BYTES, HS_SIGNATURE, 32);
        EVP_PKEY_free(key);
}

static void rsa_keys_beyond_the_bounds_are_refused(void **state) {
        static const struct {
                size_t at;
                uint8_t is;
        } changes[] = {{0, 0x21}, {255, 0xa0}, {259, 0}, {257, 0}};
        uint8_t bytes[260];
        EVP_PKEY *key = NULL;
        size_t i, len;

        (void)state;
        for (i = 0; i < ELEMENTS(changes); i++) {
                rsa_bytes(bytes);
                bytes[changes[i].at] = changes[i].is;
                assert_int_equal(public_key_decode(KEY_RS256, bytes, sizeof bytes, &key), -EBADMSG);
        }
        rsa_bytes(bytes);
        for (len = 0; len < sizeof bytes; len++)
                assert_int_equal(public_key_decode(KEY_RS256, bytes, len, &key), -EBADMSG);
        assert_null(key);
}

/* RFC 8725 3.1: whatever key meets whatever algorithm, only its own signs and verifies. */
static void a_key_of_one_algorithm_does_nothing_under_another(void **state) {
        uint8_t secret[32] = {1}, signature[SIGNATURE_MAX] = {0}, bytes[PAGE_PUBLIC_MAX];
        EVP_PKEY *keys[KEY_ALGORITHM_COUNT] = {
                [KEY_ES256] = test_private_key(),
                [KEY_RS256] = EVP_RSA_gen(2048),
                [KEY_EDDSA] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
                [KEY_HS256] = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, 32),
        };
        enum key_algorithm of, under;
        size_t len;

        (void)state;
        for (of = KEY_ES256; of < KEY_ALGORITHM_COUNT; of++)
                for (under = KEY_ES256; under < KEY_ALGORITHM_COUNT; under++) {
                        int r = signature_make(under, keys[of], TEXT("x"), signature, &len);

                        assert_int_equal(r == 0, of == under);
                        assert_int_equal(public_key_encode(under, keys[of], bytes, &len) == 0,
                                         of == under && of != KEY_HS256);
                        for (len = 0; len <= SIGNATURE_MAX && of != under; len++)
                                assert_false(is_good(under, keys[of], "x", signature, len));
                }
        for (of = KEY_ES256; of < KEY_ALGORITHM_COUNT; of++)
                EVP_PKEY_free(keys[of]);
}

static void of_hs256_there_is_no_public_key(void **state) {
        uint8_t bytes[32] = {1};
        EVP_PKEY *key = NULL;
        char kid[KID_LEN + 1];

        (void)state;
        assert_false(algorithm_is_public(KEY_HS256));
        assert_int_equal(public_key_decode(KEY_HS256, bytes, sizeof bytes, &key), -EBADMSG);
        assert_int_equal(public_key_thumbprint(KEY_HS256, bytes, sizeof bytes, kid), -EBADMSG);
        assert_null(key);
}

static void names_are_exact(void **state) {
        static const char *const others[] = {"", "none", "es256", "ES256 ", "HS384", "RS512", "ES"};
        enum key_algorithm algorithm;
        size_t i;

        (void)state;
        for (algorithm = KEY_ES256; algorithm < KEY_ALGORITHM_COUNT; algorithm++)
                assert_int_equal(algorithm_of_name(text_of(algorithm_name(algorithm))), algorithm);
        for (i = 0; i < ELEMENTS(others); i++)
                assert_int_equal(algorithm_of_name(text_of(others[i])), KEY_NONE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_eddsa_example_of_rfc_8037_is_made_and_verified),
                cmocka_unit_test(the_eddsa_thumbprint_is_that_of_rfc_8037),
                cmocka_unit_test(the_rs256_example_of_rfc_7515_verifies),
                cmocka_unit_test(the_hs256_example_of_rfc_7515_is_made_and_verified),
                cmocka_unit_test(rsa_keys_beyond_the_bounds_are_refused),
                cmocka_unit_test(a_key_of_one_algorithm_does_nothing_under_another),
                cmocka_unit_test(of_hs256_there_is_no_public_key),
                cmocka_unit_test(names_are_exact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
