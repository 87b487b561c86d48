/* Login codes: how they are written and read, and how the table of those that are out forgets them.
 *
 * links: daemon/authority/codes.c daemon/authority/code_spelling.c
 * needs: libcrypto */
#include "../../daemon/authority/codes.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIFE_MS 60000

static struct codes *codes;
static int64_t now_ms;

static int begin(void **state) {
        (void)state;
        now_ms = 1000;
        return codes_new(&codes);
}

static int end(void **state) {
        (void)state;
        codes_free(codes);
        codes = NULL;
        return 0;
}

/* ---- spelling ---- */

static void every_bit_of_a_code_is_in_its_spelling(void **state) {
        uint8_t bytes[CODE_BYTES] = {0}, again[CODE_BYTES];
        char spelled[CODE_LEN + 1], others[80][CODE_LEN + 1];
        size_t i, k;

        (void)state;
        code_spell(bytes, spelled);
        assert_string_equal(spelled, "0000-0000-0000-0000");
        for (i = 0; i < 80; i++) {
                memset(bytes, 0, sizeof bytes);
                bytes[i / 8] = (uint8_t)(1 << i % 8);
                code_spell(bytes, others[i]);
                assert_int_equal(code_read(text_of(others[i]), again), 0);
                assert_memory_equal(again, bytes, sizeof bytes);
                for (k = 0; k < i; k++)
                        assert_string_not_equal(others[i], others[k]);
        }
        memset(bytes, 0xff, sizeof bytes);
        code_spell(bytes, spelled);
        assert_string_equal(spelled, "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
}

/* By hand: the five bits of each symbol in turn, 0 to 15 and 16 to 31. */
static void a_code_is_written_in_crockfords_alphabet(void **state) {
        static const uint8_t low[CODE_BYTES] = {0x00, 0x44, 0x32, 0x14, 0xc7,
                                                0x42, 0x54, 0xb6, 0x35, 0xcf};
        static const uint8_t high[CODE_BYTES] = {0x84, 0x65, 0x3a, 0x56, 0xd7,
                                                 0xc6, 0x75, 0xbe, 0x77, 0xdf};
        char spelled[CODE_LEN + 1];

        (void)state;
        code_spell(low, spelled);
        assert_string_equal(spelled, "0123-4567-89AB-CDEF");
        code_spell(high, spelled);
        assert_string_equal(spelled, "GHJK-MNPQ-RSTV-WXYZ");
}

static void a_code_is_read_as_people_type_it(void **state) {
        static const char *const good[] = {
                "0123-4567-89ab-cdef",
                "0123456789ABCDEF",
                "o123-4567-89ab-cdef",
                "0I23-4567-89ab-cdef",
                "0l23 4567 89ab cdef",
                " OL23456789abcdef-",
                "0-1-2-3-4-5-6-7-8-9-a-b-c-d-e-f",
        };
        static const char *const bad[] = {
                "",
                "0123-4567-89ab-cde",
                "0123-4567-89ab-cdef0",
                "0123-4567-89ab-cdeu",
                "0123-4567-89ab-cde!",
                "0123-4567-89ab-cdef\n",
                "0123_4567_89ab_cdef",
                "0123-4567-89ab-cde\xc3\xa9",
                "----------------",
                "0123456789abcdef-----------------",
        };
        uint8_t bytes[CODE_BYTES], expected[CODE_BYTES];
        size_t i;

        (void)state;
        assert_int_equal(code_read(TEXT("0123-4567-89AB-CDEF"), expected), 0);
        for (i = 0; i < ELEMENTS(good); i++) {
                assert_int_equal(code_read(text_of(good[i]), bytes), 0);
                assert_memory_equal(bytes, expected, sizeof bytes);
        }
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(code_read(text_of(bad[i]), bytes), -EINVAL);
        assert_int_equal(code_read(TEXT("0123-4567\00089ab-cdef"), bytes), -EINVAL);
}

/* ---- the table ---- */

static struct code code_of(uint64_t user, const char *service) {
        struct code code = {.user_id = user, .uid = 1000 + (uint32_t)user, .iat = 7};

        snprintf(code.service, sizeof code.service, "%s", service);
        snprintf(code.sid, sizeof code.sid, "sid %llu", (unsigned long long)user);
        return code;
}

static int try_add(uint64_t user, const char *service, char ret[CODE_LEN + 1]) {
        struct code code = code_of(user, service);
        uint8_t bytes[CODE_BYTES];

        assert_int_equal(secret_random(bytes, sizeof bytes), 0);
        code_spell(bytes, ret);
        return codes_add(codes, &code, bytes, now_ms, now_ms + LIFE_MS);
}

static void add(uint64_t user, const char *service, char ret[CODE_LEN + 1]) {
        assert_int_equal(try_add(user, service, ret), 0);
}

static enum code_answer ask(uint64_t user, const char *service, const char *typed) {
        enum code_answer answer = CODE_NONE;
        struct code code;

        assert_int_equal(
                codes_try(codes, user, text_of(service), text_of(typed), now_ms, &answer, &code),
                0);
        if (answer != CODE_NONE) {
                assert_true(code.user_id == user && code.uid == 1000 + user && code.iat == 7);
                assert_string_equal(code.service, service);
        }
        return answer;
}

#define WRONG "abcd-efgh-jkmn-pqrs"

static void a_code_is_right_once(void **state) {
        char code[CODE_LEN + 1];

        (void)state;
        add(1, "sshd", code);
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
        assert_int_equal(ask(1, "sshd", code), CODE_NONE);
}

static void a_code_is_of_one_user_and_one_service(void **state) {
        char code[CODE_LEN + 1];

        (void)state;
        add(1, "sshd", code);
        assert_int_equal(ask(2, "sshd", code), CODE_NONE);
        assert_int_equal(ask(0, "sshd", code), CODE_NONE);
        assert_int_equal(ask(1, "login", code), CODE_NONE);
        assert_int_equal(ask(1, "ssh", code), CODE_NONE);
        assert_int_equal(ask(1, "", code), CODE_NONE);
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
}

static void a_code_ends_at_its_time_and_not_before(void **state) {
        char code[CODE_LEN + 1];

        (void)state;
        add(1, "sshd", code);
        now_ms += LIFE_MS - 1;
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
        add(1, "sshd", code);
        now_ms += LIFE_MS;
        assert_int_equal(ask(1, "sshd", code), CODE_NONE);
}

static void the_third_wrong_try_uses_it_up(void **state) {
        char code[CODE_LEN + 1];

        (void)state;
        add(1, "sshd", code);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", "no code"), CODE_NONE);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_SPENT);
        assert_int_equal(ask(1, "sshd", code), CODE_NONE);
        add(1, "sshd", code);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
}

/* A new one begins with all its tries. */
static void the_newest_takes_the_place_of_the_one_before(void **state) {
        char old[CODE_LEN + 1], code[CODE_LEN + 1];

        (void)state;
        add(1, "sshd", old);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", WRONG), CODE_WRONG);
        add(1, "sshd", code);
        assert_int_equal(ask(1, "sshd", old), CODE_WRONG);
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
}

/* The digest of a free entry is all zeroes: nothing must be found in one. */
static void nothing_is_found_where_nothing_is(void **state) {
        (void)state;
        assert_int_equal(ask(0, "", "0000-0000-0000-0000"), CODE_NONE);
        assert_int_equal(ask(0, "", ""), CODE_NONE);
}

static void a_user_has_four_at_most_and_the_oldest_gives_way(void **state) {
        static const char *const services[] = {"a", "b", "c", "d", "e"};
        char code[ELEMENTS(services)][CODE_LEN + 1];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(services); i++) {
                add(1, services[i], code[i]);
                now_ms++;
        }
        assert_int_equal(ask(1, "a", code[0]), CODE_NONE);
        for (i = 1; i < ELEMENTS(services); i++)
                assert_int_equal(ask(1, services[i], code[i]), CODE_RIGHT);
}

static void a_full_table_takes_nobodys_code_away(void **state) {
        static char code[CODES_MAX][CODE_LEN + 1];
        char another[CODE_LEN + 1];
        size_t i;

        (void)state;
        for (i = 0; i < CODES_MAX; i++)
                add(i + 1, "sshd", code[i]);
        assert_int_equal(try_add(CODES_MAX + 1, "sshd", another), -EBUSY);
        add(1, "sshd", code[0]); /* one's own is replaced all the same */
        for (i = 0; i < CODES_MAX; i++)
                assert_int_equal(ask(i + 1, "sshd", code[i]), CODE_RIGHT);
        for (i = 0; i < CODES_MAX; i++)
                add(i + 1, "sshd", code[i]);
        now_ms += LIFE_MS;
        add(CODES_MAX + 1, "sshd", another);
        assert_int_equal(ask(CODES_MAX + 1, "sshd", another), CODE_RIGHT);
}

/* What stands in memory: looked for in the table's own bytes. */
static void neither_a_code_nor_one_that_is_over_stays_in_memory(void **state) {
        enum { SIZE = CODES_MAX * 64 }; /* less than the table has */
        struct code owner = code_of(1, "sshd");
        uint8_t bytes[CODE_BYTES];
        char code[CODE_LEN + 1];

        (void)state;
        assert_int_equal(secret_random(bytes, sizeof bytes), 0);
        assert_int_equal(codes_add(codes, &owner, bytes, now_ms, now_ms + LIFE_MS), 0);
        code_spell(bytes, code);
        assert_null(memmem(codes, SIZE, bytes, sizeof bytes));
        assert_null(memmem(codes, SIZE, code, 4));
        assert_non_null(memmem(codes, SIZE, "sid 1", 5));
        assert_int_equal(ask(1, "sshd", code), CODE_RIGHT);
        assert_null(memmem(codes, SIZE, "sid 1", 5));
        add(1, "sshd", code);
        now_ms += LIFE_MS;
        assert_int_equal(ask(2, "sshd", code), CODE_NONE);
        assert_null(memmem(codes, SIZE, "sid 1", 5));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(every_bit_of_a_code_is_in_its_spelling),
                TEST(a_code_is_written_in_crockfords_alphabet),
                TEST(a_code_is_read_as_people_type_it),
                TEST(a_code_is_right_once),
                TEST(a_code_is_of_one_user_and_one_service),
                TEST(a_code_ends_at_its_time_and_not_before),
                TEST(the_third_wrong_try_uses_it_up),
                TEST(the_newest_takes_the_place_of_the_one_before),
                TEST(nothing_is_found_where_nothing_is),
                TEST(a_user_has_four_at_most_and_the_oldest_gives_way),
                TEST(a_full_table_takes_nobodys_code_away),
                TEST(neither_a_code_nor_one_that_is_over_stays_in_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
