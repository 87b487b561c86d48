/* A page's writer, stopped for ever at any of its instructions: what readers find then, and what
 * the next writer makes of it. The writer is a child that is stepped through (ptrace(2)), so its
 * every store is the last one once.
 *
 * needs: libcrypto */
#include "../../common/jwt/pages.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define KID     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define WAIT_MS 20000

/* ---- a page and its file ---- */

static int page_file(enum page page) {
        char path[] = "/tmp/jeton-writer-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        unlink(path);
        assert_int_equal(ftruncate(fd, (off_t)page_size(page)), 0);
        return fd;
}

static void *page_begin(int fd, enum page page) {
        void *bytes;

        assert_int_equal(page_map(fd, page, &bytes), 0);
        return bytes;
}

/* A table in which everything that counts follows from `number`. */
static void keys_fill(struct keys_table *table, uint32_t number) {
        uint32_t i;

        snprintf(table->issuer, sizeof table->issuer, "https://%u", number);
        table->count = 1 + number % PAGE_KEYS_MAX;
        for (i = 0; i < table->count; i++) {
                memcpy(table->keys[i].kid, KID, sizeof KID);
                table->keys[i].public_len = 64;
                memset(table->keys[i].public_key, (int)(number & 0xff), 64);
        }
}

static void keys_put(struct keys_page *page, uint32_t number) {
        keys_fill(keys_page_next(page), number);
        keys_page_publish(page);
}

static void assert_number(const struct keys_table *table, uint32_t number) {
        struct keys_table expected;
        uint32_t i;

        keys_fill(&expected, number);
        assert_string_equal(table->issuer, expected.issuer);
        assert_int_equal(table->count, expected.count);
        for (i = 0; i < table->count; i++) {
                assert_string_equal(table->keys[i].kid, KID);
                assert_int_equal(table->keys[i].public_len, 64);
                assert_memory_equal(table->keys[i].public_key, expected.keys[i].public_key, 64);
        }
}

/* Which number's table a reader finds; -errno when it finds none. A mixture is no number's. */
static int64_t keys_number(int fd) {
        struct keys_table table;
        unsigned number;
        int r;

        r = keys_page_read(fd, &table);
        if (r < 0)
                return r;
        assert_int_equal(sscanf(table.issuer, "https://%u", &number), 1);
        assert_number(&table, number);
        return number;
}

/* ---- one instruction after the other ---- */

/* Has a child do the work, and looks at what is there after each of its instructions. */
static void step_through(void (*work)(void *context), void (*look)(void *context), void *context) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
                        _exit(1);
                raise(SIGSTOP);
                work(context);
                _exit(0);
        }
        for (;;) {
                assert_int_equal(waitpid(pid, &status, 0), pid);
                if (!WIFSTOPPED(status))
                        break;
                look(context);
                assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        }
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- the keys ---- */

struct keys_case {
        int fd, copy_fd;
        struct keys_page *page, *seen; /* as it was at the last look */
        int64_t last;                  /* what a reader found then */
        unsigned states;               /* how many different ones there were */
};

static void publish_eight(void *context) {
        struct keys_case *keys = context;

        keys_put(keys->page, 8);
}

/* The next writer begins with what the last one left. */
static void take_over(struct keys_case *keys, int64_t found) {
        struct keys_page *page;

        assert_int_equal(pwrite(keys->copy_fd, keys->seen, sizeof *keys->seen, 0),
                         (ssize_t)sizeof *keys->seen);
        page = page_begin(keys->copy_fd, PAGE_KEYS);
        assert_int_equal(keys_number(keys->copy_fd), found < 0 ? -EAGAIN : found);
        keys_put(page, 9);
        assert_int_equal(keys_number(keys->copy_fd), 9);
        munmap(page, sizeof *page);
}

static void look_at_keys(void *context) {
        struct keys_case *keys = context;
        int64_t found;

        if (keys->states > 0 && memcmp(keys->seen, keys->page, sizeof *keys->page) == 0)
                return;
        memcpy(keys->seen, keys->page, sizeof *keys->page);
        keys->states++;
        found = keys_number(keys->fd);
        if (keys->last >= 0)
                assert_in_range(found, keys->last, 8);
        keys->last = found;
        take_over(keys, found);
}

static void keys_case_begin(struct keys_case *keys) {
        *keys = (struct keys_case){.fd = page_file(PAGE_KEYS), .copy_fd = page_file(PAGE_KEYS)};
        keys->seen = calloc(1, sizeof *keys->seen);
        assert_non_null(keys->seen);
        keys->page = page_begin(keys->fd, PAGE_KEYS);
}

static void keys_case_end(struct keys_case *keys) {
        munmap(keys->page, sizeof *keys->page);
        close(keys->fd);
        close(keys->copy_fd);
        free(keys->seen);
}

static void killed_at_any_store_the_keys_are_the_old_or_the_new(void **state) {
        struct keys_case keys;

        (void)state;
        keys_case_begin(&keys);
        keys_put(keys.page, 7);
        keys.last = 7;
        step_through(publish_eight, look_at_keys, &keys);
        assert_int_equal(keys.last, 8);
        assert_true(keys.states > 20);
        print_message("%u states of the page\n", keys.states);
        keys_case_end(&keys);
}

static void map_again(void *context) {
        struct keys_case *keys = context;
        void *page;

        if (page_map(keys->fd, PAGE_KEYS, &page) < 0)
                _exit(1);
}

static void damage_magic(struct keys_page *page) {
        page->head.magic[0] = 'J';
}

static void damage_layout(struct keys_page *page) {
        page->head.layout++;
}

static void damage_table(struct keys_page *page) {
        page->tables[0].count = page->tables[1].count = 1000;
}

static void damage_all(struct keys_page *page) {
        memset(page, 0xff, sizeof *page);
}

static void zero(struct keys_page *page) {
        memset(page, 0, sizeof *page);
}

/* It is nothing or it is empty: what it was made of is no reader's. */
static void killed_at_any_store_of_a_new_beginning_there_are_no_keys(void **state) {
        static void (*const damages[])(struct keys_page * page) = {
                damage_magic, damage_layout, damage_table, damage_all, zero,
        };
        struct keys_case keys;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(damages); i++) {
                keys_case_begin(&keys);
                keys_put(keys.page, 6);
                keys_put(keys.page, 7);
                damages[i](keys.page);
                keys.last = -EBADMSG;
                step_through(map_again, look_at_keys, &keys);
                assert_int_equal(keys.last, -EAGAIN);
                keys_case_end(&keys);
        }
}

static void a_page_that_begins_anew_repeats_no_count(void **state) {
        uint32_t first, second, again;
        struct keys_case keys;

        (void)state;
        keys_case_begin(&keys);
        keys_put(keys.page, 1);
        assert_int_equal(page_current(keys.fd, PAGE_KEYS, &first), 0);
        keys_put(keys.page, 2);
        assert_int_equal(page_current(keys.fd, PAGE_KEYS, &second), 0);
        damage_table(keys.page);
        map_again(&keys);
        map_again(&keys);
        assert_int_equal(page_current(keys.fd, PAGE_KEYS, &again), -EAGAIN);
        keys_put(keys.page, 3);
        assert_int_equal(page_current(keys.fd, PAGE_KEYS, &again), 0);
        assert_int_not_equal(again, first);
        assert_int_not_equal(again, second);
        assert_int_equal(keys_number(keys.fd), 3);
        keys_case_end(&keys);
}

/* ---- the status ---- */

struct status_case {
        int fd;
        struct status_page *page;
        uint32_t last; /* how many revocations a reader found */
};

static struct page_revocation revocation(uint8_t number) {
        return (struct page_revocation){.kind = REVOKED_SESSION, .value = {number}};
}

/* The first `count` of them, and as many accounts from 1000 on. */
static void status_put(struct status_page *page, uint32_t count) {
        struct status_table *table = status_page_next(page);
        uint32_t i;

        table->uid_count = table->revocation_count = count;
        for (i = 0; i < count; i++) {
                table->uids[i] = 1000 + i;
                table->revocations[i] = revocation((uint8_t)i);
        }
        status_page_publish(page);
}

static void revoke_a_third(void *context) {
        struct status_case *status = context;

        status_put(status->page, 3);
}

/* Two are revoked, whatever happens to the third. */
static void look_at_status(void *context) {
        struct status_case *status = context;
        struct page_revocation *entries = NULL, expected;
        uint32_t count, current, i;
        bool is_full, found;

        assert_int_equal(
                status_page_read_revocations(status->fd, &entries, &count, &is_full, &current), 0);
        assert_in_range(count, status->last, 3);
        assert_false(is_full);
        for (i = 0; i < count; i++) {
                expected = revocation((uint8_t)i);
                assert_memory_equal(&entries[i], &expected, sizeof expected);
                assert_int_equal(status_page_has_uid(status->fd, 1000 + i, &found), 0);
                assert_true(found);
        }
        status->last = count;
        free(entries);
}

static void killed_at_any_store_what_was_revoked_is_revoked(void **state) {
        struct status_case status = {.fd = page_file(PAGE_STATUS), .last = 2};

        (void)state;
        status.page = page_begin(status.fd, PAGE_STATUS);
        status_put(status.page, 1);
        status_put(status.page, 2);
        step_through(revoke_a_third, look_at_status, &status);
        assert_int_equal(status.last, 3);
        munmap(status.page, sizeof *status.page);
        close(status.fd);
}

/* ---- for real ---- */

/* A writer that goes on from what it finds, until it is killed. */
static void write_for_ever(int fd) {
        struct keys_page *page = page_begin(fd, PAGE_KEYS);
        int64_t number = keys_number(fd);

        while (number >= 0)
                keys_put(page, (uint32_t)++number);
        _exit(1);
}

/* Reads until the table is that of `number` or later, and `more` times again. */
static int64_t read_until(int fd, int64_t number, unsigned more) {
        int64_t deadline = clock_monotonic_ms() + WAIT_MS, found, last = 0;

        while (last < number || more-- > 0) {
                found = keys_number(fd);
                assert_true(clock_monotonic_ms() < deadline);
                if (found == -EBUSY)
                        continue;
                assert_true(found >= last);
                last = found;
        }
        return last;
}

static void a_hundred_writers_are_killed_and_no_reader_sees_less_than_before(void **state) {
        struct keys_page *page;
        int64_t seen = 1;
        unsigned round;
        pid_t pid;
        int fd;

        (void)state;
        fd = page_file(PAGE_KEYS);
        page = page_begin(fd, PAGE_KEYS);
        keys_put(page, 1);
        munmap(page, sizeof *page);
        for (round = 0; round < 100; round++) {
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0)
                        write_for_ever(fd);
                seen = read_until(fd, seen + 1, round % 7);
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                seen = read_until(fd, seen, 1);
        }
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(killed_at_any_store_the_keys_are_the_old_or_the_new),
                cmocka_unit_test(killed_at_any_store_of_a_new_beginning_there_are_no_keys),
                cmocka_unit_test(a_page_that_begins_anew_repeats_no_count),
                cmocka_unit_test(killed_at_any_store_what_was_revoked_is_revoked),
                cmocka_unit_test(a_hundred_writers_are_killed_and_no_reader_sees_less_than_before),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
