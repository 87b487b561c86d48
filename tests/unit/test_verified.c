/* The memory for good signatures: what it holds, what it lets go, and that it changes no verdict.
 *
 * needs: libcrypto
 * flags: -Wl,--wrap=signature_check */
#include "../../common/jwt/verify.h"

#include "../../common/cleanup.h"
#include "test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NOW INT64_C(1800000000)

#define CLAIMS                                                                      \
        "{\"iss\":\"" TEST_ISSUER "\",\"sub\":\"7\",\"aud\":\"" TEST_ISSUER "\","   \
        "\"exp\":1800000900,\"iat\":1800000000,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\"," \
        "\"sid\":\"ssssssssssssssssssssss\",\"client_id\":\"local\"}"

static unsigned checks; /* signatures that were checked */

int __real_signature_check(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                           const uint8_t *signature, size_t len, bool *ret);
int __wrap_signature_check(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                           const uint8_t *signature, size_t len, bool *ret);

int __wrap_signature_check(enum key_algorithm algorithm, EVP_PKEY *key, struct text signed_bytes,
                           const uint8_t *signature, size_t len, bool *ret) {
        checks++;
        return __real_signature_check(algorithm, key, signed_bytes, signature, len, ret);
}

/* ---- the table ---- */

static struct verified *table_new(void) {
        struct verified *verified;

        assert_int_equal(verified_new(&verified), 0);
        return verified;
}

static struct token_digest digest_of(struct verified *verified, const char *token) {
        struct token_digest digest;

        assert_int_equal(verified_digest(verified, text_of(token), &digest), 0);
        return digest;
}

static void what_was_added_is_there_and_nothing_else(void **state) {
        struct verified *verified = table_new();
        struct token_digest digest = digest_of(verified, "a"), other;
        unsigned bit;

        (void)state;
        assert_false(verified_has(verified, &digest));
        verified_add(verified, &digest);
        assert_true(verified_has(verified, &digest));
        for (bit = 0; bit < 8 * sizeof digest.bytes; bit++) {
                other = digest;
                other.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
                assert_false(verified_has(verified, &other));
        }
        verified_free(verified);
}

static void a_digest_is_of_the_whole_token_and_of_its_table(void **state) {
        struct verified *one = table_new(), *two = table_new();
        struct token_digest digest = digest_of(one, "aaa"), same = digest_of(one, "aaa"), other;

        (void)state;
        assert_memory_equal(&digest, &same, sizeof digest);
        other = digest_of(one, "aab");
        assert_memory_not_equal(&digest, &other, sizeof digest);
        other = digest_of(one, "aaaa");
        assert_memory_not_equal(&digest, &other, sizeof digest);
        other = digest_of(two, "aaa");
        assert_memory_not_equal(&digest, &other, sizeof digest);
        verified_free(one);
        verified_free(two);
}

/* Of one set, all with the same first bytes. */
static struct token_digest neighbour(uint8_t number) {
        return (struct token_digest){{1, 2, [31] = number}};
}

static void the_one_not_seen_for_longest_makes_room(void **state) {
        struct token_digest first = neighbour(0), second = neighbour(1), digest;
        struct verified *verified = table_new();
        uint8_t i;

        (void)state;
        for (i = 0; i < VERIFIED_WAYS; i++) {
                digest = neighbour(i);
                verified_add(verified, &digest);
        }
        assert_true(verified_has(verified, &first));
        digest = neighbour(100);
        verified_add(verified, &digest);
        assert_true(verified_has(verified, &digest));
        assert_true(verified_has(verified, &first));
        assert_false(verified_has(verified, &second));
        verified_free(verified);
}

/* Somebody with a hundred thousand good tokens shows them all, again and again. */
static void a_flood_of_tokens_pushes_out_and_nothing_worse(void **state) {
        struct verified *verified = table_new();
        struct token_digest mine = digest_of(verified, "mine"), digest;
        char token[16];
        unsigned i, kept;

        (void)state;
        for (i = 0; i < 100000; i++) {
                snprintf(token, sizeof token, "%u", i);
                digest = digest_of(verified, token);
                assert_false(verified_has(verified, &digest));
                verified_add(verified, &digest);
        }
        for (i = kept = 0; i < 100000; i++) {
                snprintf(token, sizeof token, "%u", i);
                digest = digest_of(verified, token);
                kept += verified_has(verified, &digest);
        }
        assert_in_range(kept, 1, VERIFIED_SETS * VERIFIED_WAYS);
        assert_false(verified_has(verified, &mine));
        verified_add(verified, &mine);
        assert_true(verified_has(verified, &mine));
        verified_free(verified);
}

/* ---- in a verifier ---- */

static const struct expectation here = {.audience = TEST_ISSUER, .now = NOW + 10, .leeway = 5};
static struct revocations revocations;
static struct keyset *keyset;
static char token[TOKEN_MAX + 1];

static enum verdict verdict_of(const char *presented, const struct expectation *expect) {
        enum verdict verdict = VERDICT_VALID;
        struct claims claims;

        assert_int_equal(
                token_verify(keyset, &revocations, text_of(presented), expect, &verdict, &claims),
                0);
        assert_int_equal(claims.sub[0] != '\0', verdict != VERDICT_INVALID);
        return verdict;
}

/* A verifier that has seen `token` and found it good. */
static int begin(void **state) {
        (void)state;
        keyset = test_keyset();
        if (verified_new(&keyset->verified) < 0)
                return -1;
        test_token(keyset->keys[0].headers[TOKEN_KIND_ACCESS], TEXT(CLAIMS), token);
        checks = 0;
        return verdict_of(token, &here) == VERDICT_VALID && checks == 1 ? 0 : -1;
}

static int end(void **state) {
        (void)state;
        revocations_clear(&revocations);
        keyset_free(keyset);
        return 0;
}

static void a_signature_is_checked_once(void **state) {
        (void)state;
        assert_int_equal(verdict_of(token, &here), VERDICT_VALID);
        assert_int_equal(verdict_of(token, &here), VERDICT_VALID);
        assert_int_equal(checks, 1);
}

static void a_token_with_another_signature_is_another_token(void **state) {
        size_t len = strlen(token), signature = (size_t)(strrchr(token, '.') + 1 - token), i;
        char forged[TOKEN_MAX + 1];

        (void)state;
        for (i = signature; i < len; i++) {
                memcpy(forged, token, sizeof forged);
                forged[i] = forged[i] == 'A' ? 'B' : 'A';
                assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
                assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        }
        memcpy(forged, token, sizeof forged);
        forged[len - 1] = '\0';
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        forged[signature] = '\0';
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
}

static void a_signature_is_good_for_no_other_claims(void **state) {
        char *forged = strdup(token), *payload = strchr(forged, '.') + 1;

        (void)state;
        payload[100] = payload[100] == 'A' ? 'B' : 'A';
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        free(forged);
}

static void what_is_invalid_is_not_remembered(void **state) {
        char forged[TOKEN_MAX + 1], *letter;

        (void)state;
        memcpy(forged, token, sizeof forged);
        letter = strrchr(forged, '.') + 1;
        *letter = *letter == 'A' ? 'B' : 'A';
        checks = 0;
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        assert_int_equal(verdict_of(forged, &here), VERDICT_INVALID);
        assert_int_equal(checks, 2);
        assert_int_equal(verdict_of(token, &here), VERDICT_VALID);
        assert_int_equal(checks, 2);
}

static void time_goes_on_for_what_is_remembered(void **state) {
        static const struct {
                int64_t now;
                enum verdict verdict;
        } moments[] = {
                {NOW + 904, VERDICT_VALID}, {NOW + 905, VERDICT_EXPIRED}, {NOW - 5, VERDICT_VALID},
                {NOW - 6, VERDICT_NOT_YET}, {INT64_MAX, VERDICT_EXPIRED}, {NOW, VERDICT_VALID},
        };
        struct expectation expect = here;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(moments); i++) {
                expect.now = moments[i].now;
                assert_int_equal(verdict_of(token, &expect), moments[i].verdict);
        }
        assert_int_equal(checks, 1);
}

static void the_audience_and_the_issuer_are_compared_each_time(void **state) {
        struct expectation expect = here;

        (void)state;
        expect.audience = "https://else.example";
        assert_int_equal(verdict_of(token, &expect), VERDICT_WRONG_AUDIENCE);
        strcpy(keyset->table.issuer, "https://else.example");
        assert_int_equal(verdict_of(token, &here), VERDICT_WRONG_ISSUER);
        strcpy(keyset->table.issuer, TEST_ISSUER);
        assert_int_equal(verdict_of(token, &here), VERDICT_VALID);
        assert_int_equal(checks, 1);
}

static void it_does_not_become_a_ticket(void **state) {
        struct expectation expect = here;

        (void)state;
        expect.ticket = true;
        expect.audience = NULL;
        assert_int_equal(verdict_of(token, &expect), VERDICT_INVALID);
}

static void what_is_revoked_is_refused_though_remembered(void **state) {
        static const struct {
                enum revocation_kind kind;
                const char *claim;
                int64_t before;
        } ends[] = {
                {REVOKED_TOKEN, "AAAAAAAAAAAAAAAAAAAAAA", REVOKED_WHENEVER},
                {REVOKED_SESSION, "ssssssssssssssssssssss", REVOKED_WHENEVER},
                {REVOKED_SUBJECT, "7", NOW + 1},
                {REVOKED_CLIENT, "local", NOW + 1},
                {REVOKED_ALL, "", NOW + 1},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(ends); i++) {
                struct page_revocation entry = {.kind = ends[i].kind, .before = ends[i].before};

                assert_int_equal(revocation_digest(text_of(ends[i].claim), entry.value), 0);
                assert_int_equal(revocations_add(&revocations, &entry), 0);
                assert_int_equal(verdict_of(token, &here), VERDICT_REVOKED);
                revocations_clear(&revocations);
                assert_int_equal(verdict_of(token, &here), VERDICT_VALID);
        }
        assert_int_equal(checks, 1);
}

static void with_more_revoked_than_the_list_holds_it_is_no_yes(void **state) {
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;

        (void)state;
        revocations.is_full = true;
        assert_int_equal(
                token_verify(keyset, &revocations, text_of(token), &here, &verdict, &claims),
                -EOVERFLOW);
        assert_int_not_equal(verdict, VERDICT_VALID);
}

/* ---- and when the keys change ---- */

static void table_fill(struct keys_table *table, unsigned count) {
        *table = (struct keys_table){.issuer = TEST_ISSUER, .count = count};
        memcpy(table->keys[0].kid, TEST_KEY_THUMBPRINT, KID_LEN);
        table->keys[0].algorithm = KEY_ES256;
        table->keys[0].state = KEY_ACTIVE;
        table->keys[0].public_len = 64;
        test_public(table->keys[0].public_key);
        table->keys[1] = table->keys[0];
        table->keys[1].kid[0] ^= 1;
}

static struct keys_page *page_make(int *ret_fd) {
        char path[] = "/tmp/jeton-verified-XXXXXX";
        void *page;

        *ret_fd = mkstemp(path);
        assert_true(*ret_fd >= 0);
        unlink(path);
        assert_int_equal(ftruncate(*ret_fd, (off_t)page_size(PAGE_KEYS)), 0);
        assert_int_equal(page_map(*ret_fd, PAGE_KEYS, &page), 0);
        return page;
}

static enum verdict verdict_after_refresh(int fd) {
        assert_int_equal(keyset_refresh(&keyset, fd), 0);
        return verdict_of(token, &here);
}

static void with_its_key_goes_what_was_remembered(void **state) {
        struct keys_page *page;
        struct keyset *kept;
        int fd;

        (void)state;
        page = page_make(&fd);
        table_fill(keys_page_next(page), 1);
        keys_page_publish(page);
        assert_int_equal(verdict_after_refresh(fd), VERDICT_VALID);
        kept = keyset;
        checks = 0;
        assert_int_equal(verdict_after_refresh(fd), VERDICT_VALID);
        assert_ptr_equal(keyset, kept);
        assert_int_equal(checks, 0);
        /* A second key: the first is read anew, and so is what it signed. */
        table_fill(keys_page_next(page), 2);
        keys_page_publish(page);
        assert_int_equal(verdict_after_refresh(fd), VERDICT_VALID);
        assert_int_equal(checks, 1);
        /* Dropped. */
        table_fill(keys_page_next(page), 0);
        keys_page_publish(page);
        assert_int_equal(verdict_after_refresh(fd), VERDICT_INVALID);
        table_fill(keys_page_next(page), 1);
        keys_page_publish(page);
        assert_int_equal(verdict_after_refresh(fd), VERDICT_VALID);
        munmap(page, page_size(PAGE_KEYS));
        close(fd);
}

static void another_key_under_the_same_name_is_another_key(void **state) {
        /* The generator of P-256. */
        static const char point[] = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li_hp_"
                                    "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q";
        struct keys_page *page;
        struct keys_table *table;
        size_t len;
        int fd;

        (void)state;
        page = page_make(&fd);
        table = keys_page_next(page);
        table_fill(table, 1);
        assert_int_equal(base64url_decode(TEXT(point), table->keys[0].public_key, 64, &len), 0);
        keys_page_publish(page);
        assert_int_equal(verdict_after_refresh(fd), VERDICT_INVALID);
        munmap(page, page_size(PAGE_KEYS));
        close(fd);
}

static void a_page_that_cannot_be_read_leaves_the_old_keys(void **state) {
        struct keyset *kept = keyset;
        struct keys_page *page;
        int fd;

        (void)state;
        page = page_make(&fd);
        assert_int_equal(keyset_refresh(&keyset, fd), -EAGAIN);
        table_fill(keys_page_next(page), 1);
        keys_page_next(page)->keys[0].public_key[5] ^= 1;
        keys_page_publish(page);
        assert_int_equal(keyset_refresh(&keyset, fd), -EBADMSG);
        page->head.layout++;
        assert_int_equal(keyset_refresh(&keyset, fd), -EBADMSG);
        assert_int_equal(ftruncate(fd, 100), 0);
        assert_int_equal(keyset_refresh(&keyset, fd), -EBADMSG);
        assert_ptr_equal(keyset, kept);
        munmap(page, page_size(PAGE_KEYS));
        close(fd);
}

#define seen_before(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_added_is_there_and_nothing_else),
                cmocka_unit_test(a_digest_is_of_the_whole_token_and_of_its_table),
                cmocka_unit_test(the_one_not_seen_for_longest_makes_room),
                cmocka_unit_test(a_flood_of_tokens_pushes_out_and_nothing_worse),
                seen_before(a_signature_is_checked_once),
                seen_before(a_token_with_another_signature_is_another_token),
                seen_before(a_signature_is_good_for_no_other_claims),
                seen_before(what_is_invalid_is_not_remembered),
                seen_before(time_goes_on_for_what_is_remembered),
                seen_before(the_audience_and_the_issuer_are_compared_each_time),
                seen_before(it_does_not_become_a_ticket),
                seen_before(what_is_revoked_is_refused_though_remembered),
                seen_before(with_more_revoked_than_the_list_holds_it_is_no_yes),
                seen_before(with_its_key_goes_what_was_remembered),
                seen_before(another_key_under_the_same_name_is_another_key),
                seen_before(a_page_that_cannot_be_read_leaves_the_old_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
