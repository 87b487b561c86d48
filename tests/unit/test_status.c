/* The status page as the authority writes it: what fits, what does not, and what the log has of it.
 *
 * links: daemon/authority/status.c
 * needs: libcrypto
 * flags: -Wl,--wrap=log_line,--wrap=users_linked_uids,--wrap=store_error */
#include "../../daemon/authority/status.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/store/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static struct authority authority;
static char lines[8][256]; /* of the log */
static size_t line_count;
static int uids_error;

void __wrap_log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_users_linked_uids(struct store *store, uint32_t *ret, size_t max, size_t *ret_count);
const char *__wrap_store_error(const struct store *store);

void __wrap_log_line(int level, const char *format, ...) {
        va_list arguments;

        assert_true(level <= LOG_NOTICE);
        assert_true(line_count < ELEMENTS(lines));
        va_start(arguments, format);
        vsnprintf(lines[line_count++], sizeof lines[0], format, arguments);
        va_end(arguments);
}

int __wrap_users_linked_uids(struct store *store, uint32_t *ret, size_t max, size_t *ret_count) {
        (void)store;
        (void)max;
        if (uids_error)
                return uids_error;
        ret[0] = 1000;
        *ret_count = 1;
        return 0;
}

const char *__wrap_store_error(const struct store *store) {
        (void)store;
        return "busy";
}

static int begin(void **state) {
        (void)state;
        authority = (struct authority){0};
        authority.status_page = calloc(1, sizeof *authority.status_page);
        line_count = 0;
        uids_error = 0;
        return authority.status_page ? 0 : -1;
}

static int end(void **state) {
        (void)state;
        free(authority.status_page);
        revocations_clear(&authority.revocations);
        return 0;
}

/* `count` sessions are revoked. */
static void sessions_end(size_t count) {
        size_t i;

        revocations_clear(&authority.revocations);
        authority.revocations.entries = calloc(count, sizeof *authority.revocations.entries);
        assert_non_null(authority.revocations.entries);
        authority.revocations.count = count;
        for (i = 0; i < count; i++) {
                struct page_revocation *entry = &authority.revocations.entries[i];

                entry->kind = REVOKED_SESSION;
                entry->value[0] = (uint8_t)(i >> 16);
                entry->value[1] = (uint8_t)(i >> 8);
                entry->value[2] = (uint8_t)i;
        }
}

static const struct status_table *published(void) {
        const struct status_table *table = status_page_published(authority.status_page);

        assert_true(page_revocations_are_good(table->revocations, table->revocation_count));
        return table;
}

static void sixty_five_thousand_revocations_fit(void **state) {
        const struct status_table *table;

        (void)state;
        sessions_end(STATUS_REVOCATIONS_MAX);
        assert_int_equal(status_publish(&authority), 0);
        table = published();
        assert_int_equal(table->revocation_count, 65536);
        assert_int_equal(table->is_full, 0);
        assert_memory_equal(table->revocations, authority.revocations.entries,
                            65536 * sizeof table->revocations[0]);
        assert_int_equal(line_count, 0);
}

static void one_more_makes_the_page_say_nothing(void **state) {
        (void)state;
        sessions_end(STATUS_REVOCATIONS_MAX + 1);
        assert_int_equal(status_publish(&authority), 0);
        assert_int_equal(published()->is_full, 1);
        assert_int_equal(published()->revocation_count, 0);
        assert_int_equal(published()->uid_count, 1);
}

static void the_log_has_the_beginning_and_the_end_with_the_count(void **state) {
        (void)state;
        status_note_question(&authority);
        sessions_end(STATUS_REVOCATIONS_MAX + 1);
        status_publish(&authority);
        status_publish(&authority);
        assert_int_equal(line_count, 1);
        assert_non_null(strstr(lines[0], "65537 revocations are more than the status page holds"));
        status_note_question(&authority);
        status_note_question(&authority);
        sessions_end(10);
        status_publish(&authority);
        status_publish(&authority);
        assert_int_equal(line_count, 2);
        assert_non_null(strstr(lines[1], "; 2 questions about tokens came here meanwhile"));
        assert_int_equal(published()->is_full, 0);
        assert_int_equal(published()->revocation_count, 10);
}

static void revocations_are_published_also_where_the_accounts_cannot_be_read(void **state) {
        (void)state;
        sessions_end(1);
        assert_int_equal(status_publish(&authority), 0);
        uids_error = -EBUSY;
        sessions_end(2);
        assert_int_equal(status_publish(&authority), -EBUSY);
        assert_int_equal(published()->revocation_count, 2);
        assert_int_equal(published()->uid_count, 1);
        assert_int_equal(published()->uids[0], 1000);
}

#define with_a_page(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_a_page(sixty_five_thousand_revocations_fit),
                with_a_page(one_more_makes_the_page_say_nothing),
                with_a_page(the_log_has_the_beginning_and_the_end_with_the_count),
                with_a_page(revocations_are_published_also_where_the_accounts_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
