/* The archive of a backup: what is written is read again, and nothing else is.
 *
 * links: client/cli/backup/archive.c
 * needs: libcrypto */
#include "../../client/cli/backup/archive.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#define KID  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TIME 1700000000

static struct archive archive;

static int begin(void **state) {
        (void)state;
        archive = (struct archive){.fd = memfd_create("archive", MFD_CLOEXEC), .made_at = TIME};
        return archive.fd < 0;
}

static int end(void **state) {
        (void)state;
        closep(&archive.fd);
        return 0;
}

static void part_must_be_added(const char *name, struct text bytes) {
        assert_int_equal(archive_add(&archive, name, bytes), 0);
}

static int read_again(const char **ret_wrong) {
        *ret_wrong = NULL;
        return archive_read(archive.fd, &archive, ret_wrong);
}

static void must_be_refused(const char *says) {
        const char *wrong;

        assert_int_equal(read_again(&wrong), -EBADMSG);
        assert_string_equal(wrong, says);
}

static void what_is_written_is_read_again(void **state) {
        _cleanup_(secret_freep) struct secret *bytes = NULL;
        const char *wrong;

        (void)state;
        part_must_be_added(PART_DATABASE, TEXT("rows"));
        part_must_be_added(PART_KEYS KID ".hs256", TEXT("a secret"));
        part_must_be_added(PART_MANIFEST, TEXT("{}"));
        assert_int_equal(archive_close(&archive), 0);
        assert_int_equal(read_again(&wrong), 0);
        assert_int_equal(archive.count, 3);
        assert_int_equal(archive.made_at, TIME);
        assert_int_equal(part_read(&archive, &archive.parts[1], &bytes), 0);
        assert_true(text_is(secret_text(bytes), TEXT("a secret")));
        assert_string_equal(archive_find(&archive, PART_DATABASE)->name, PART_DATABASE);
        assert_null(archive_find(&archive, PART_ISSUER));
}

static void copy_must_be(const struct part *part, struct text bytes) {
        _cleanup_(closep) int file = memfd_create("copy", MFD_CLOEXEC);
        static char found[100000];

        assert_int_equal(part_copy(&archive, part, file), 0);
        assert_int_equal(pread(file, found, sizeof found, 0), bytes.len);
        assert_memory_equal(found, bytes.p, bytes.len);
}

static void part_that_is_a_file_is_copied_whole(void **state) {
        _cleanup_(closep) int file = memfd_create("part", MFD_CLOEXEC);
        static char bytes[100000]; /* more than one turn */
        const char *wrong;

        (void)state;
        memset(bytes, 'b', sizeof bytes);
        bytes[sizeof bytes - 1] = 'e';
        assert_int_equal(write(file, bytes, sizeof bytes), sizeof bytes);
        assert_int_equal(archive_add_file(&archive, PART_DATABASE, file), 0);
        part_must_be_added(PART_MANIFEST, TEXT("{}"));
        assert_int_equal(archive_close(&archive), 0);
        assert_int_equal(read_again(&wrong), 0);
        assert_int_equal(archive.parts[0].size, sizeof bytes);
        copy_must_be(&archive.parts[0], (struct text){bytes, sizeof bytes});
}

/* Keys are taken again when they are changed meanwhile: of the first try nothing may stay. */
static void part_that_was_taken_back_leaves_no_byte(void **state) {
        static char bytes[8192];
        struct archive before;
        struct stat st;
        const char *wrong;

        (void)state;
        part_must_be_added(PART_DATABASE, TEXT("rows"));
        before = archive;
        memset(bytes, 'k', sizeof bytes);
        part_must_be_added(PART_KEYS KID ".pem", (struct text){bytes, sizeof bytes});
        archive = before;
        part_must_be_added(PART_MANIFEST, TEXT("{}"));
        assert_int_equal(archive_close(&archive), 0);
        assert_int_equal(fstat(archive.fd, &st), 0);
        assert_int_equal(st.st_size, 4 * 512 + 1024);
        assert_int_equal(read_again(&wrong), 0);
        assert_int_equal(archive.count, 2);
}

static void copy_is_compared_with_what_was_read_before(void **state) {
        _cleanup_(closep) int to = memfd_create("copy", MFD_CLOEXEC);
        const char *wrong;

        (void)state;
        part_must_be_added(PART_DATABASE, TEXT("rows"));
        part_must_be_added(PART_MANIFEST, TEXT("{}"));
        assert_int_equal(archive_close(&archive), 0);
        assert_int_equal(read_again(&wrong), 0);
        assert_int_equal(part_copy(&archive, &archive.parts[0], to), 0);
        assert_int_equal(pwrite(archive.fd, "R", 1, archive.parts[0].at), 1);
        assert_int_equal(part_copy(&archive, &archive.parts[0], to), -EBADMSG);
}

static void more_parts_than_there_can_be_are_not_added(void **state) {
        int i;

        (void)state;
        for (i = 0; i < PARTS_MAX; i++)
                part_must_be_added(PART_ISSUER, TEXT("x"));
        assert_int_equal(archive_add(&archive, PART_ISSUER, TEXT("x")), -E2BIG);
}

static void refused_is(void **state) {
        static const struct {
                const char *name, *says;
        } cases[] = {
                {PART_DATABASE "x", "has a part that no backup has"},
                {PART_KEYS KID, "has a part that no backup has"},
                {PART_KEYS KID ".pem.pem", "has a part that no backup has"},
                {PART_KEYS "../" KID ".pem", "has a part that no backup has"},
                {"", "has a part that no backup has"},
                {PART_MANIFEST, "has no database"},
        };
        size_t i;

        for (i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(end(state) + begin(state), 0);
                part_must_be_added(cases[i].name, TEXT("x"));
                assert_int_equal(archive_close(&archive), 0);
                must_be_refused(cases[i].says);
        }
}

static void empty_part_and_empty_file_are_refused(void **state) {
        (void)state;
        must_be_refused("ends too early");
        archive.made_at = TIME;
        archive.count = 0;
        archive.end = 0;
        part_must_be_added(PART_DATABASE, TEXT_NONE);
        assert_int_equal(archive_close(&archive), 0);
        must_be_refused("has a part that no backup has");
}

static void parts_of_two_backups_are_none(void **state) {
        (void)state;
        part_must_be_added(PART_DATABASE, TEXT("rows"));
        archive.made_at++;
        part_must_be_added(PART_MANIFEST, TEXT("{}"));
        assert_int_equal(archive_close(&archive), 0);
        must_be_refused("has a header that no backup has");
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(what_is_written_is_read_again),
                TEST(part_that_is_a_file_is_copied_whole),
                TEST(part_that_was_taken_back_leaves_no_byte),
                TEST(copy_is_compared_with_what_was_read_before),
                TEST(more_parts_than_there_can_be_are_not_added),
                TEST(refused_is),
                TEST(empty_part_and_empty_file_are_refused),
                TEST(parts_of_two_backups_are_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
