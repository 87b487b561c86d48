/* Copies of files that stay as they were.
 *
 * links: daemon/parent/sealed.c */
#include "../../daemon/parent/sealed.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

struct file {
        char path[64];
};

static int file_make(void **state) {
        static struct file file;
        int fd;

        strcpy(file.path, "/tmp/jetonu.XXXXXX");
        fd = mkstemp(file.path);
        *state = &file;
        return fd < 0 ? -1 : close(fd);
}

static int file_remove(void **state) {
        const struct file *file = *state;

        return unlink(file->path);
}

static void file_write(const struct file *file, const char *content) {
        _cleanup_(fclosep) FILE *stream = fopen(file->path, "we");

        assert_non_null(stream);
        assert_true(fputs(content, stream) >= 0);
}

static void content_is(const struct sealed *sealed, const char *expected) {
        char content[64] = "";
        ssize_t n = pread(sealed->fd, content, sizeof content - 1, 0);

        assert_int_equal(n, strlen(expected));
        assert_int_equal(sealed->len, n);
        assert_string_equal(content, expected);
}

static void a_copy_stays_when_the_file_changes(void **state) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};

        file_write(*state, "one\ntwo\n");
        assert_int_equal(sealed_open(100, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, ((struct file *)*state)->path), 0);
        assert_int_equal(sealed_seal(&sealed), 0);
        file_write(*state, "three\n");
        content_is(&sealed, "one\ntwo\n");
}

static void nobody_changes_what_is_sealed(void **state) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};

        file_write(*state, "one\n");
        assert_int_equal(sealed_open(100, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, ((struct file *)*state)->path), 0);
        assert_int_equal(sealed_seal(&sealed), 0);
        assert_int_equal(pwrite(sealed.fd, "x", 1, 0), -1);
        assert_int_equal(ftruncate(sealed.fd, 0), -1);
        assert_int_equal(ftruncate(sealed.fd, 10), -1);
        assert_ptr_equal(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, sealed.fd, 0),
                         MAP_FAILED);
        assert_int_equal(fcntl(sealed.fd, F_ADD_SEALS, F_SEAL_SEAL), -1);
        content_is(&sealed, "one\n");
}

static void files_stand_one_behind_the_other_and_lines_are_counted(void **state) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};
        const struct file *file = *state;

        assert_int_equal(sealed_open(100, &sealed), 0);
        file_write(file, "one\ntwo");
        assert_int_equal(sealed_add(&sealed, file->path), 0);
        assert_int_equal(sealed.lines, 2);
        file_write(file, "");
        assert_int_equal(sealed_add(&sealed, file->path), 0);
        file_write(file, "three\n");
        assert_int_equal(sealed_add(&sealed, file->path), 0);
        assert_int_equal(sealed.lines, 3);
        content_is(&sealed, "one\ntwo\nthree\n");
}

static void what_does_not_fit_is_refused(void **state) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};
        const struct file *file = *state;

        file_write(file, "12345678");
        assert_int_equal(sealed_open(8, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, file->path), -EFBIG); /* the end of its line */
        sealed_close(&sealed);
        assert_int_equal(sealed_open(9, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, file->path), 0);
        sealed_close(&sealed);
        assert_int_equal(truncate(file->path, 100000), 0);
        assert_int_equal(sealed_open(99999, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, file->path), -EFBIG);
}

static void what_is_no_regular_file_is_refused_and_not_waited_for(void **state) {
        _cleanup_(sealed_close) struct sealed sealed = {.fd = -1};
        const struct file *file = *state;

        assert_int_equal(sealed_open(100, &sealed), 0);
        assert_int_equal(sealed_add(&sealed, "/tmp"), -EINVAL);
        assert_int_equal(sealed_add(&sealed, "/dev/null"), -EINVAL);
        assert_int_equal(sealed_add(&sealed, "/tmp/is-not-there"), -ENOENT);
        assert_int_equal(unlink(file->path), 0);
        assert_int_equal(mkfifo(file->path, 0600), 0);
        assert_int_equal(sealed_add(&sealed, file->path), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_copy_stays_when_the_file_changes, file_make,
                                                file_remove),
                cmocka_unit_test_setup_teardown(nobody_changes_what_is_sealed, file_make,
                                                file_remove),
                cmocka_unit_test_setup_teardown(
                        files_stand_one_behind_the_other_and_lines_are_counted, file_make,
                        file_remove),
                cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, file_make,
                                                file_remove),
                cmocka_unit_test_setup_teardown(
                        what_is_no_regular_file_is_refused_and_not_waited_for, file_make,
                        file_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
