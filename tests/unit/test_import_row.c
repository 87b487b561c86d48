/* Rows of an import: what one side writes the other reads, to the byte, and nothing else. */
#include "../../common/cleanup.h"
#include "../../daemon/privsep/import_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct import_row full = {
        .username = TEXT("anna"),
        .password_hash = TEXT("$6$salt$digest"),
        .full_name = TEXT("Anna"),
        .email = TEXT("anna@example.org"),
        .roles = TEXT("a b"),
        .disabled = true,
        .must_change = true,
        .created_at = 1,
        .password_changed_at = 2,
        .expires_at = INT64_C(253402300799),
};

static void assert_same(const struct import_row *a, const struct import_row *b) {
        assert_true(text_is(a->username, b->username));
        assert_true(text_is(a->password_hash, b->password_hash));
        assert_true(text_is(a->full_name, b->full_name));
        assert_true(text_is(a->email, b->email));
        assert_true(text_is(a->roles, b->roles));
        assert_int_equal(a->disabled, b->disabled);
        assert_int_equal(a->must_change, b->must_change);
        assert_int_equal(a->created_at, b->created_at);
        assert_int_equal(a->password_changed_at, b->password_changed_at);
        assert_int_equal(a->expires_at, b->expires_at);
}

static void rows_come_back_as_they_were_added(void **state) {
        const struct import_row bare = {.username = TEXT("b")};
        struct import_rows rows = {.len = 0};
        struct import_row got;
        struct text rest;

        (void)state;
        assert_int_equal(import_rows_add(&rows, &full), 0);
        assert_int_equal(import_rows_add(&rows, &bare), 0);
        assert_int_equal(rows.count, 2);
        rest = (struct text){rows.bytes, rows.len};
        assert_int_equal(import_row_next(&rest, &got), 0);
        assert_same(&got, &full);
        assert_int_equal(import_row_next(&rest, &got), 0);
        assert_same(&got, &bare);
        assert_int_equal(import_row_next(&rest, &got), -ENOENT);
}

/* In a block of exactly that size, so that a sanitizer sees a byte too many. */
static void a_row_cut_short_anywhere_is_refused(void **state) {
        struct import_rows rows = {.len = 0};
        struct import_row got = {.created_at = 77};
        size_t len;

        (void)state;
        assert_int_equal(import_rows_add(&rows, &full), 0);
        for (len = 1; len < rows.len; len++) {
                char *part = malloc(len);
                struct text rest = {memcpy(part, rows.bytes, len), len};

                assert_int_equal(import_row_next(&rest, &got), -EPROTO);
                assert_int_equal(got.created_at, 77);
                assert_int_equal(rest.len, len);
                free(part);
        }
}

static void what_is_beyond_its_bound_is_refused_on_both_sides(void **state) {
        static char long_text[2048];
        static const size_t longest[] = {256, 383, 256, 254, 1024};
        size_t i;

        (void)state;
        memset(long_text, 'x', sizeof long_text);
        for (i = 0; i < ELEMENTS(longest); i++) {
                struct import_row row = {.disabled = false}, got;
                struct import_rows rows = {.len = 0};
                struct text *const texts[] = {&row.username, &row.password_hash, &row.full_name,
                                              &row.email, &row.roles};
                struct text rest;
                uint16_t written;

                *texts[i] = (struct text){long_text, longest[i] + 1};
                assert_int_equal(import_rows_add(&rows, &row), -EMSGSIZE);
                *texts[i] = (struct text){long_text, longest[i]};
                assert_int_equal(import_rows_add(&rows, &row), 0);
                /* The lengths of the texts before it are 0. */
                memcpy(&written, rows.bytes + 2 * i, sizeof written);
                written++;
                memcpy(rows.bytes + 2 * i, &written, sizeof written);
                rest = (struct text){rows.bytes, sizeof rows.bytes};
                assert_int_equal(import_row_next(&rest, &got), -EPROTO);
        }
}

static void times_outside_the_calendar_are_refused(void **state) {
        static const int64_t wrong[] = {-1, INT64_MIN, INT64_C(253402300800), INT64_MAX};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(wrong); i++) {
                struct import_row row = full;
                struct import_rows rows = {.len = 0};

                row.expires_at = wrong[i];
                assert_int_equal(import_rows_add(&rows, &row), -EMSGSIZE);
                assert_int_equal(rows.len, 0);
        }
}

static void a_flag_is_one_of_two_bytes(void **state) {
        struct import_rows rows = {.len = 0};
        struct import_row got;
        struct text rest;
        size_t flag;

        (void)state;
        assert_int_equal(import_rows_add(&rows, &full), 0);
        flag = rows.len - 3 * 8 - 2;
        assert_int_equal(rows.bytes[flag], 1);
        rows.bytes[flag] = 2;
        rest = (struct text){rows.bytes, rows.len};
        assert_int_equal(import_row_next(&rest, &got), -EPROTO);
}

#define EMPTY_ROW (5 * 2 + 2 + 3 * 8)

static void no_more_fit_than_one_call_takes(void **state) {
        static char long_text[1024];
        struct import_row row = {.username = TEXT("a")};
        struct import_rows rows = {.len = 0};
        size_t i;

        (void)state;
        for (i = 0; i < IMPORT_ROWS_MAX; i++)
                assert_int_equal(import_rows_add(&rows, &row), 0);
        assert_int_equal(import_rows_add(&rows, &row), -ENOBUFS);
        assert_int_equal(rows.count, IMPORT_ROWS_MAX);

        memset(long_text, 'x', sizeof long_text);
        row.roles = (struct text){long_text, sizeof long_text};
        rows = (struct import_rows){.len = 0};
        while (import_rows_add(&rows, &row) == 0)
                assert_true(rows.len <= IMPORT_ROWS_SIZE);
        assert_true(rows.count > 10 && rows.count < IMPORT_ROWS_MAX);

        /* The last one to the byte: without a role it is as long as EMPTY_ROW. */
        row = (struct import_row){.roles = {long_text, IMPORT_ROWS_SIZE - rows.len - EMPTY_ROW}};
        assert_int_equal(import_rows_add(&rows, &row), 0);
        assert_int_equal(rows.len, IMPORT_ROWS_SIZE);
        row.roles = TEXT_NONE;
        assert_int_equal(import_rows_add(&rows, &row), -ENOBUFS);
}

static void rows_are_whole_or_they_are_not(void **state) {
        struct import_rows rows = {.len = 0};
        static const char empty_rows[(IMPORT_ROWS_MAX + 1) * EMPTY_ROW];
        size_t len;

        (void)state;
        assert_true(import_rows_are_whole(TEXT_NONE));
        assert_int_equal(import_rows_add(&rows, &full), 0);
        assert_true(import_rows_are_whole((struct text){rows.bytes, rows.len}));
        for (len = 1; len < rows.len; len++)
                assert_false(import_rows_are_whole((struct text){rows.bytes, len}));
        len = sizeof empty_rows;
        assert_false(import_rows_are_whole((struct text){empty_rows, len}));
        assert_true(import_rows_are_whole((struct text){empty_rows, len - EMPTY_ROW}));
        assert_false(import_rows_are_whole((struct text){empty_rows, len - EMPTY_ROW - 1}));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_come_back_as_they_were_added),
                cmocka_unit_test(a_row_cut_short_anywhere_is_refused),
                cmocka_unit_test(what_is_beyond_its_bound_is_refused_on_both_sides),
                cmocka_unit_test(times_outside_the_calendar_are_refused),
                cmocka_unit_test(a_flag_is_one_of_two_bytes),
                cmocka_unit_test(rows_are_whole_or_they_are_not),
                cmocka_unit_test(no_more_fit_than_one_call_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
