/* Refresh tokens: what follows what, and what an old or a made-up one is taken for.
 *
 * links: daemon/authority/refresh.c
 * needs: libcrypto */
#include "../../daemon/authority/refresh.h"

#include "../../common/secret.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define NOW INT64_C(1800000000)

static struct session session;
static struct refresh_token first;

static int begin(void **state) {
        (void)state;
        session = (struct session){.sid = "AAAAAAAAAAAAAAAAAAAAAA", .used_at = NOW};
        return refresh_begin(&session, &first);
}

static enum refresh_verdict judge(const struct refresh_token *token, int64_t now) {
        enum refresh_verdict verdict = REFRESH_NEWEST;

        assert_int_equal(refresh_judge(&session, token, now, &verdict), 0);
        return verdict;
}

static struct refresh_token rotate(const struct refresh_token *newest, int64_t now) {
        struct refresh_token next;

        assert_int_equal(refresh_rotate(&session, newest, now, &next), 0);
        return next;
}

static void a_token_survives_being_written_and_read(void **state) {
        char text[REFRESH_TOKEN_LEN + 1], sid[SID_LEN + 1];
        struct refresh_token read;

        (void)state;
        refresh_write(&first, text);
        assert_int_equal(strlen(text), REFRESH_TOKEN_LEN);
        assert_int_equal(refresh_parse(text_of(text), &read), 0);
        assert_memory_equal(&read, &first, sizeof read);
        refresh_sid(&read, sid);
        assert_string_equal(sid, session.sid);
        assert_int_equal(judge(&read, NOW), REFRESH_NEWEST);
}

static void no_sid_is_an_option_on_a_command_line(void **state) {
        char sid[SID_LEN + 1], before[SID_LEN + 1] = "";
        size_t i;

        (void)state;
        for (i = 0; i < 2000; i++) {
                assert_int_equal(sid_draw(sid), 0);
                assert_int_equal(strlen(sid), SID_LEN);
                assert_int_not_equal(sid[0], '-');
                assert_string_not_equal(sid, before);
                memcpy(before, sid, sizeof before);
        }
}

static void other_spellings_are_no_token(void **state) {
        char text[REFRESH_TOKEN_LEN + 2];
        struct refresh_token read;

        (void)state;
        refresh_write(&first, text);
        text[REFRESH_TOKEN_LEN - 1] ^= 1; /* only the unused last bits differ */
        assert_int_equal(refresh_parse(text_of(text), &read), -EINVAL);
        refresh_write(&first, text);
        assert_int_equal(refresh_parse((struct text){text, REFRESH_TOKEN_LEN - 1}, &read), -EINVAL);
        text[REFRESH_TOKEN_LEN] = 'A';
        assert_int_equal(refresh_parse((struct text){text, REFRESH_TOKEN_LEN + 1}, &read), -EINVAL);
        text[5] = '=';
        assert_int_equal(refresh_parse((struct text){text, REFRESH_TOKEN_LEN}, &read), -EINVAL);
        assert_int_equal(refresh_parse(TEXT_NONE, &read), -EINVAL);
}

static void the_successor_can_be_made_again_from_the_token_before(void **state) {
        struct refresh_token next = rotate(&first, NOW), again;

        (void)state;
        assert_int_equal(judge(&next, NOW), REFRESH_NEWEST);
        assert_int_equal(judge(&first, NOW), REFRESH_RETRIED);
        assert_int_equal(refresh_repeat(&session, &first, &again), 0);
        assert_memory_equal(&again, &next, sizeof next);
}

static void the_grace_ends_with_its_time_or_with_the_successors_use(void **state) {
        struct refresh_token second = rotate(&first, NOW), third;

        (void)state;
        assert_int_equal(judge(&first, NOW + REFRESH_GRACE_S - 1), REFRESH_RETRIED);
        assert_int_equal(judge(&first, NOW + REFRESH_GRACE_S), REFRESH_REPLAYED);
        third = rotate(&second, NOW + 1);
        assert_int_equal(judge(&first, NOW + 1), REFRESH_REPLAYED);
        assert_int_equal(judge(&second, NOW + 1), REFRESH_RETRIED);
        assert_int_equal(judge(&third, NOW + 1), REFRESH_NEWEST);
}

static void a_clock_set_back_makes_the_grace_no_longer(void **state) {
        (void)state;
        rotate(&first, NOW);
        assert_int_equal(judge(&first, NOW), REFRESH_RETRIED);
        assert_int_equal(judge(&first, NOW - 1), REFRESH_REPLAYED);
        assert_int_equal(judge(&first, NOW - 86400), REFRESH_REPLAYED);
}

static void every_token_of_the_family_is_known_for_ever(void **state) {
        struct refresh_token token = first;
        int i;

        (void)state;
        for (i = 0; i < 1000; i++)
                token = rotate(&token, NOW + i);
        assert_int_equal(judge(&first, NOW + 1000), REFRESH_REPLAYED);
        assert_int_equal(judge(&token, NOW + 1000), REFRESH_NEWEST);
}

static void what_is_made_up_is_foreign_whichever_byte_differs(void **state) {
        uint8_t *bytes = (uint8_t *)&first;
        size_t i;

        (void)state;
        for (i = REFRESH_SID_LEN; i < REFRESH_BYTES; i++) {
                bytes[i] ^= 0x10;
                assert_int_equal(judge(&first, NOW), REFRESH_FOREIGN);
                bytes[i] ^= 0x10;
        }
        assert_int_equal(judge(&first, NOW), REFRESH_NEWEST);
}

static void two_rotations_of_one_token_differ(void **state) {
        struct session kept = session;
        struct refresh_token one = rotate(&first, NOW), two;

        (void)state;
        session = kept;
        two = rotate(&first, NOW);
        assert_memory_not_equal(one.secret, two.secret, sizeof one.secret);
}

int main(void) {
#define with(test) cmocka_unit_test_setup(test, begin)
        const struct CMUnitTest tests[] = {
                with(a_token_survives_being_written_and_read),
                cmocka_unit_test(no_sid_is_an_option_on_a_command_line),
                with(other_spellings_are_no_token),
                with(the_successor_can_be_made_again_from_the_token_before),
                with(the_grace_ends_with_its_time_or_with_the_successors_use),
                with(a_clock_set_back_makes_the_grace_no_longer),
                with(every_token_of_the_family_is_known_for_ever),
                with(what_is_made_up_is_foreign_whichever_byte_differs),
                with(two_rotations_of_one_token_differ),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
