/* Counted words: as they travel, as they are shared, and which of them goes up.
 *
 * links: daemon/frontend/tally.c daemon/frontend/response.c daemon/authority/refusal.c */
#include "../../daemon/privsep/counts.h"

#include "../../common/cleanup.h"
#include "../../daemon/authority/refusal.h"
#include "../../daemon/frontend/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static const struct route rows[3];

const struct route *route_rows(size_t *ret_count) {
        *ret_count = ELEMENTS(rows);
        return rows;
}

static uint64_t pages[COUNTS_PAGES][COUNTS_WORDS];

static struct msg_answer_counts said(uint8_t page, uint16_t first, const uint8_t *bytes,
                                     size_t len) {
        return (struct msg_answer_counts){page, first, {(const char *)bytes, len}};
}

static void what_is_packed_is_unpacked_in_its_place(void **state) {
        const uint64_t words[] = {1, UINT64_MAX, UINT64_C(0x0102030405060708)};
        uint8_t bytes[sizeof words];
        struct msg_answer_counts answer = said(COUNTS_AUTHORITY, COUNTS_WORDS - 3, bytes, 24);

        (void)state;
        counts_pack(words, 3, bytes);
        assert_int_equal(bytes[16], 8);
        assert_int_equal(counts_unpack(&answer, pages), 0);
        assert_memory_equal(&pages[COUNTS_AUTHORITY][COUNTS_WORDS - 3], words, sizeof words);
}

static void what_goes_beyond_its_page_is_refused(void **state) {
        static const uint8_t bytes[COUNTS_BYTES_MAX];
        const struct msg_answer_counts bad[] = {
                said(0, COUNTS_WORDS, bytes, 8),
                said(0, COUNTS_WORDS - 1, bytes, 16),
                said(0, UINT16_MAX, bytes, 0),
                said(0, 0, bytes, 7),
                said(0, COUNTS_WORDS - 511, bytes, 4096),
                said(COUNTS_AUTHORITY, 1, bytes, 15),
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(counts_unpack(&bad[i], pages), -EPROTO);
}

static void a_page_of_another_size_is_not_mapped(void **state) {
        _cleanup_(closep) int fd = memfd_create("counts", MFD_CLOEXEC);
        uint64_t *writer, *reader;

        (void)state;
        assert_int_equal(ftruncate(fd, COUNTS_SIZE - 1), 0);
        assert_int_equal(counts_map(fd, false, &reader), -EBADMSG);
        assert_int_equal(ftruncate(fd, COUNTS_SIZE + 1), 0);
        assert_int_equal(counts_map(fd, false, &reader), -EBADMSG);
        assert_int_equal(ftruncate(fd, COUNTS_SIZE), 0);
        assert_int_equal(counts_map(fd, true, &writer), 0);
        assert_int_equal(counts_map(fd, false, &reader), 0);
        counts_add(&writer[COUNTS_WORDS - 1], 7);
        counts_add(&writer[COUNTS_WORDS - 1], 1);
        assert_int_equal(counts_read(&reader[COUNTS_WORDS - 1]), 8);
        munmap(writer, COUNTS_SIZE);
        munmap(reader, COUNTS_SIZE);
}

static void every_refusal_has_its_error_among_those_that_are_counted(void **state) {
        int i;

        (void)state;
        for (i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++) {
                struct text error = refusal_get((enum refusal)i)->error;

                assert_true(text_is(error, text_of(counted_error_names[counted_error(error)])));
        }
        assert_int_equal(counted_error(TEXT("unheard_of")), COUNTED_ERRORS - 1);
}

static void a_time_is_counted_within_the_first_bound_that_it_keeps(void **state) {
        static struct tally tally;
        size_t i;

        (void)state;
        for (i = 0; i < TALLY_BOUNDS; i++) {
                tally_time(&tally, &rows[1], tally_bounds_us[i]);
                tally_time(&tally, &rows[1], tally_bounds_us[i] + 1);
        }
        assert_int_equal(tally.routes[1].within[0], 1);
        for (i = 1; i < TALLY_BOUNDS; i++)
                assert_int_equal(tally.routes[1].within[i], 2);
        assert_int_equal(tally.routes[1].within[TALLY_BOUNDS], 1);
        assert_true(tally.routes[1].sum_us > 2u * tally_bounds_us[TALLY_BOUNDS - 1]);
        tally_time(&tally, NULL, 0);
        assert_int_equal(tally.routes[TALLY_ROUTES - 1].within[0], 1);
        assert_int_equal(tally.routes[0].within[0] + tally.routes[2].within[0], 0);
        tally_begin(&tally);
        assert_int_equal(tally.routes[1].within[1], 0);
}

static void a_status_has_one_place_and_a_strange_one_is_our_fault(void **state) {
        static struct tally tally;
        size_t i;

        (void)state;
        for (i = 0; i < RESPONSE_STATUSES; i++)
                assert_int_equal(response_status_place(response_status(i)), i);
        tally_answer(&tally, 0);
        tally_answer(&tally, 599);
        assert_int_equal(tally.by_status[response_status_place(500)], 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_packed_is_unpacked_in_its_place),
                cmocka_unit_test(what_goes_beyond_its_page_is_refused),
                cmocka_unit_test(a_page_of_another_size_is_not_mapped),
                cmocka_unit_test(every_refusal_has_its_error_among_those_that_are_counted),
                cmocka_unit_test(a_time_is_counted_within_the_first_bound_that_it_keeps),
                cmocka_unit_test(a_status_has_one_place_and_a_strange_one_is_our_fault),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
