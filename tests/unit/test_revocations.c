/* Which tokens a table of revocations stops, and how it travels through the status page.
 *
 * needs: libcrypto */
#include "../../common/jwt/revocations.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#define NOW INT64_C(1800000000)

static struct revocations revocations;

static int begin(void **state) {
        (void)state;
        return 0;
}

static int end(void **state) {
        (void)state;
        revocations_clear(&revocations);
        return 0;
}

static const struct claims token = {
        .jti = "jjjjjjjjjjjjjjjjjjjjjg",
        .sid = "ssssssssssssssssssssss",
        .sub = "7",
        .client_id = "local",
        .iat = NOW,
};

static void entry_put(enum revocation_kind kind, const char *claim, int64_t before) {
        struct page_revocation entry = {.kind = kind, .before = before, .drop_at = NOW + 900};

        assert_int_equal(revocation_digest(text_of(claim), entry.value), 0);
        assert_int_equal(revocations_add(&revocations, &entry), 0);
        assert_true(page_revocations_are_good(revocations.entries, revocations.count));
}

static bool is_revoked(const struct claims *claims) {
        bool revoked = false;

        assert_int_equal(revocations_judge(&revocations, claims, &revoked), 0);
        return revoked;
}

static void nothing_is_revoked_by_an_empty_table(void **state) {
        (void)state;
        assert_false(is_revoked(&token));
}

static void each_kind_revokes_its_claim_and_no_other(void **state) {
        static const struct {
                enum revocation_kind kind;
                const char *claim, *other;
        } rows[] = {
                {REVOKED_TOKEN, "jjjjjjjjjjjjjjjjjjjjjg", "jjjjjjjjjjjjjjjjjjjjjw"},
                {REVOKED_SESSION, "ssssssssssssssssssssss", "sssssssssssssssssssssw"},
                {REVOKED_SUBJECT, "7", "77"},
                {REVOKED_CLIENT, "local", "loca"},
                {REVOKED_ALL, "", NULL},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(rows); i++) {
                revocations_clear(&revocations);
                if (rows[i].other) {
                        entry_put(rows[i].kind, rows[i].other, REVOKED_WHENEVER);
                        assert_false(is_revoked(&token));
                }
                entry_put(rows[i].kind, rows[i].claim, REVOKED_WHENEVER);
                assert_true(is_revoked(&token));
        }
}

/* The same text as another claim is another matter: a sub that spells a jti. */
static void a_claim_is_looked_up_as_its_own_kind_alone(void **state) {
        (void)state;
        entry_put(REVOKED_TOKEN, "7", REVOKED_WHENEVER);
        entry_put(REVOKED_CLIENT, "7", REVOKED_WHENEVER);
        entry_put(REVOKED_SUBJECT, "local", REVOKED_WHENEVER);
        assert_false(is_revoked(&token));
}

static void only_what_was_issued_before_is_revoked(void **state) {
        (void)state;
        entry_put(REVOKED_SUBJECT, "7", NOW);
        assert_false(is_revoked(&token));
        entry_put(REVOKED_SUBJECT, "7", NOW + 1);
        assert_true(is_revoked(&token));
        assert_int_equal(revocations.count, 1);
}

static void an_entry_is_never_narrowed(void **state) {
        (void)state;
        entry_put(REVOKED_SUBJECT, "7", NOW + 1);
        entry_put(REVOKED_SUBJECT, "7", NOW - 100);
        assert_true(is_revoked(&token));
}

static void thousands_in_any_order_are_all_found(void **state) {
        struct claims claims = token;
        unsigned i;

        (void)state;
        for (i = 0; i < 3000; i++) {
                snprintf(claims.jti, sizeof claims.jti, "%022u", i * 2654435761u);
                entry_put(REVOKED_TOKEN, claims.jti, REVOKED_WHENEVER);
        }
        assert_int_equal(revocations.count, 3000);
        for (i = 0; i < 3000; i++) {
                snprintf(claims.jti, sizeof claims.jti, "%022u", i * 2654435761u);
                assert_true(is_revoked(&claims));
        }
        assert_false(is_revoked(&token));
}

/* ---- through the page ---- */

static struct status_page *page_make(int *ret_fd) {
        void *page;

        *ret_fd = memfd_create("status", MFD_CLOEXEC);
        assert_true(*ret_fd >= 0);
        assert_int_equal(ftruncate(*ret_fd, (off_t)page_size(PAGE_STATUS)), 0);
        assert_int_equal(page_map(*ret_fd, PAGE_STATUS, &page), 0);
        return page;
}

static void put(struct status_page *page, size_t count, bool is_full) {
        struct status_table *table = status_page_next(page);

        table->revocation_count = (uint32_t)count;
        table->is_full = is_full;
        if (count > 0)
                memcpy(table->revocations, revocations.entries, count * sizeof *table->revocations);
        status_page_publish(page);
}

static void a_reader_sees_each_publication(void **state) {
        _cleanup_(revocations_clear) struct revocations seen = {.entries = NULL};
        struct status_page *page;
        bool revoked;
        int fd;

        (void)state;
        page = page_make(&fd);
        assert_int_equal(revocations_refresh(&seen, fd), -EAGAIN);
        put(page, 0, false);
        assert_int_equal(revocations_refresh(&seen, fd), 0);
        assert_int_equal(revocations_judge(&seen, &token, &revoked), 0);
        assert_false(revoked);
        entry_put(REVOKED_SESSION, token.sid, REVOKED_WHENEVER);
        put(page, revocations.count, false);
        assert_int_equal(revocations_refresh(&seen, fd), 0);
        assert_int_equal(revocations_judge(&seen, &token, &revoked), 0);
        assert_true(revoked);
        put(page, 0, false);
        assert_int_equal(revocations_refresh(&seen, fd), 0);
        assert_int_equal(revocations_judge(&seen, &token, &revoked), 0);
        assert_false(revoked);
        munmap(page, page_size(PAGE_STATUS));
        close(fd);
}

static void a_full_page_says_yes_to_no_token(void **state) {
        _cleanup_(revocations_clear) struct revocations seen = {.entries = NULL};
        bool revoked = true;
        struct status_page *page;
        int fd;

        (void)state;
        page = page_make(&fd);
        put(page, 0, true);
        assert_int_equal(revocations_refresh(&seen, fd), 0);
        assert_int_equal(revocations_judge(&seen, &token, &revoked), -EOVERFLOW);
        munmap(page, page_size(PAGE_STATUS));
        close(fd);
}

static void a_table_out_of_order_is_refused(void **state) {
        _cleanup_(revocations_clear) struct revocations seen = {.entries = NULL};
        struct page_revocation first;
        struct status_page *page;
        int fd;

        (void)state;
        page = page_make(&fd);
        entry_put(REVOKED_TOKEN, "a", REVOKED_WHENEVER);
        entry_put(REVOKED_TOKEN, "b", REVOKED_WHENEVER);
        first = revocations.entries[0];
        revocations.entries[0] = revocations.entries[1];
        revocations.entries[1] = first;
        put(page, 2, false);
        assert_int_equal(revocations_refresh(&seen, fd), -EBADMSG);
        put(page, 0, false);
        status_page_next(page)->revocation_count = STATUS_REVOCATIONS_MAX + 1;
        status_page_publish(page);
        assert_int_equal(revocations_refresh(&seen, fd), -EBADMSG);
        munmap(page, page_size(PAGE_STATUS));
        close(fd);
}

int main(void) {
#define with(test) cmocka_unit_test_setup_teardown(test, begin, end)
        const struct CMUnitTest tests[] = {
                with(nothing_is_revoked_by_an_empty_table),
                with(each_kind_revokes_its_claim_and_no_other),
                with(a_claim_is_looked_up_as_its_own_kind_alone),
                with(only_what_was_issued_before_is_revoked),
                with(an_entry_is_never_narrowed),
                with(thousands_in_any_order_are_all_found),
                with(a_reader_sees_each_publication),
                with(a_full_page_says_yes_to_no_token),
                with(a_table_out_of_order_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
