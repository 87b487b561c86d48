/* The files with the keys of outside issuers: what was read counts until the file is another, and
 * what could not be read is tried again.
 *
 * links: daemon/issuer/book.c daemon/issuer/keys.c client/jws/jwk.c
 * needs: jansson libcrypto */
/* flags: -Wl,--wrap=malloc */
#include "../../common/cleanup.h"
#include "../../daemon/issuer/book.h"
#include "test_keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define FILE_NAME "keys.json"
#define KEY       "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" TEST_KEY_X "\",\"y\":\"" TEST_KEY_Y "\""
#define SET       "{\"keys\":[{" KEY "}]}"

static unsigned readings, failures;
static char directory[64];
static struct book book;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* A reading begins with room for a whole file. */
void *__wrap_malloc(size_t size) {
        if (size != JWKS_FILE_MAX + 1)
                return __real_malloc(size);
        readings++;
        if (failures == 0)
                return __real_malloc(size);
        failures--;
        return NULL;
}

static void path_of(const char *name, char ret[128]) {
        snprintf(ret, 128, "%s/%s", directory, name);
}

/* As a careful writer does: another file in its place. */
static void publish(const char *text) {
        char fresh[128], path[128];
        FILE *file;

        path_of("fresh", fresh);
        path_of(FILE_NAME, path);
        file = fopen(fresh, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rename(fresh, path), 0);
}

static int setup(void **state) {
        const struct msg_setup_issuer said = {
                .url = TEXT("https://outside.example"),
                .audiences = TEXT("app"),
                .algorithm = KEY_ES256,
                .file = TEXT("/folder/" FILE_NAME),
        };

        (void)state;
        readings = failures = 0;
        strcpy(directory, "/tmp/jeton-test-book-XXXXXX");
        if (!mkdtemp(directory) || book_add(&book, &said) < 0)
                return -1;
        return book_give_folder(&book, 0, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int teardown(void **state) {
        char path[128];

        (void)state;
        book_clear(&book);
        path_of(FILE_NAME, path);
        return unlink(path) < 0 || rmdir(directory) < 0 ? -1 : 0;
}

static bool has_keys(void) {
        book_refresh(&book);
        return book.issuers[0].keys;
}

static void a_file_that_could_not_be_read_is_tried_again(void **state) {
        (void)state;
        publish(SET);
        failures = 1;
        assert_false(has_keys());
        assert_true(has_keys());
}

static void keys_of_before_do_not_outlive_a_file_that_cannot_be_read(void **state) {
        (void)state;
        publish(SET);
        assert_true(has_keys());
        publish(SET);
        failures = 2;
        assert_false(has_keys());
        assert_false(has_keys());
        assert_true(has_keys());
}

static void a_file_is_read_once_whatever_it_says(void **state) {
        static const char *const texts[] = {SET, "{}"};
        unsigned before;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(texts); i++) {
                publish(texts[i]);
                assert_int_equal(has_keys(), i == 0);
                before = readings;
                assert_int_equal(has_keys(), i == 0);
                assert_int_equal(readings, before);
        }
}

/* Another text of the same size, of the same time, in another file; and in the same. */
static void a_file_is_another_when_its_number_or_its_time_is(void **state) {
        const struct timespec times[][2] = {{{1, 1}, {1, 1}}, {{1, 1}, {1, 2}}};
        char path[128];
        unsigned before;

        (void)state;
        path_of(FILE_NAME, path);
        publish(SET);
        assert_int_equal(utimensat(AT_FDCWD, path, times[0], 0), 0);
        assert_true(has_keys());
        before = readings;
        publish(SET);
        assert_int_equal(utimensat(AT_FDCWD, path, times[0], 0), 0);
        assert_true(has_keys());
        assert_int_equal(readings, before + 1);
        assert_int_equal(utimensat(AT_FDCWD, path, times[1], 0), 0);
        assert_true(has_keys());
        assert_int_equal(readings, before + 2);
}

static void what_is_no_plain_file_of_the_folder_is_not_read(void **state) {
        char path[128], other[128];

        (void)state;
        path_of(FILE_NAME, path);
        path_of("other", other);
        publish(SET);
        assert_true(has_keys());
        assert_int_equal(rename(path, other), 0);
        assert_int_equal(symlink("other", path), 0);
        assert_false(has_keys());
        assert_int_equal(book.entries[0].error, -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0644), 0);
        assert_false(has_keys());
        assert_int_equal(book.entries[0].error, -EINVAL);
        assert_int_equal(rename(other, path), 0);
        assert_true(has_keys());
}

static void a_file_is_read_up_to_its_bound(void **state) {
        static char text[JWKS_FILE_MAX + 2];

        (void)state;
        memset(text, ' ', JWKS_FILE_MAX + 1);
        memcpy(text, SET, sizeof SET - 1);
        publish(text);
        assert_false(has_keys());
        assert_int_equal(book.entries[0].error, -EFBIG);
        assert_int_equal(readings, 0);
        text[JWKS_FILE_MAX] = '\0';
        publish(text);
        assert_true(has_keys());
}

/* As the parent says them: one that would lie elsewhere, or is one too many, is none. */
static void what_cannot_be_an_issuer_is_not_taken(void **state) {
        struct msg_setup_issuer said = {.url = TEXT("https://b.example"), .file = TEXT_NONE};

        (void)state;
        publish(SET);
        assert_int_equal(book_add(&book, &said), -EPROTO);
        said.file = TEXT("../keys.json");
        assert_int_equal(book_add(&book, &said), -EPROTO);
        assert_int_equal(book.count, 1);
        said.file = TEXT("b.json");
        while (book.count < OUTSIDE_ISSUERS_MAX)
                assert_int_equal(book_add(&book, &said), 0);
        assert_int_equal(book_add(&book, &said), -EPROTO);
        assert_int_equal(book_give_folder(&book, 0, -1), -EPROTO); /* it has one */
        assert_int_equal(book_give_folder(&book, OUTSIDE_ISSUERS_MAX, -1), -EPROTO);
        assert_false(book.issuers[1].keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_file_that_could_not_be_read_is_tried_again),
                TEST(keys_of_before_do_not_outlive_a_file_that_cannot_be_read),
                TEST(a_file_is_read_once_whatever_it_says),
                TEST(a_file_is_another_when_its_number_or_its_time_is),
                TEST(what_is_no_plain_file_of_the_folder_is_not_read),
                TEST(a_file_is_read_up_to_its_bound),
                TEST(what_cannot_be_an_issuer_is_not_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
