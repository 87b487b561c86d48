/* What a file with a secret in it may stand in place of: a plain file, and nothing else that was
 * there before. All in a folder of the test's own.
 *
 * links: client/cli/replace.c */
#include "../../client/cli/replace.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

static char folder[] = "/tmp/jeton-replace-XXXXXX", fresh[sizeof folder];
static int dir = -1;

static int begin(void **state) {
        (void)state;
        memcpy(fresh, folder, sizeof folder);
        if (!mkdtemp(folder))
                return -1;
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -1 : 0;
}

static int end(void **state) {
        static const char *const names[] = {"name", "link", "file", "other"};
        size_t i;

        (void)state;
        for (i = 0; i < sizeof names / sizeof *names; i++)
                if (unlinkat(dir, names[i], 0) < 0)
                        unlinkat(dir, names[i], AT_REMOVEDIR);
        closep(&dir);
        dir = -1;
        i = (size_t)rmdir(folder); /* fails if anything else was left */
        memcpy(folder, fresh, sizeof folder);
        return (int)i;
}

static void file_put(const char *name, const char *bytes) {
        _cleanup_(closep) int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

static void file_must_be(const char *name, const char *bytes) {
        _cleanup_(closep) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        char got[32] = "";

        assert_true(fd >= 0);
        assert_true(read(fd, got, sizeof got - 1) >= 0);
        assert_string_equal(got, bytes);
}

static const char *path_of(const char *name) {
        static char path[64];

        snprintf(path, sizeof path, "%s/%s", folder, name);
        return path;
}

static int in_steps(const char *path) {
        _cleanup_(replacement_clear) struct replacement file = REPLACEMENT_NONE;
        int r;

        r = replacement_open(path, &file);
        if (r == 0 && write(file.fd, "new", 3) != 3)
                r = -errno;
        return r == 0 ? replacement_finish(&file) : r;
}

static void must_be_left(const char *name, int error) {
        struct stat before, after;

        assert_int_equal(fstatat(dir, name, &before, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(file_replace(dir, name, TEXT("new")), error);
        assert_int_equal(path_replace(path_of(name), TEXT("new")), error);
        assert_int_equal(in_steps(path_of(name)), error);
        assert_int_equal(fstatat(dir, name, &after, AT_SYMLINK_NOFOLLOW), 0);
        assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
}

static void must_be_replaced(const char *name) {
        assert_int_equal(path_replace(path_of(name), TEXT("first")), 0);
        file_must_be(name, "first");
        assert_int_equal(in_steps(path_of(name)), 0);
        file_must_be(name, "new");
}

static void nothing_and_a_plain_file_are_replaced(void **state) {
        (void)state;
        must_be_replaced("name");
        file_put("file", "old");
        must_be_replaced("file");
}

static void a_link_to_a_plain_file_is_replaced_and_not_followed(void **state) {
        (void)state;
        file_put("file", "precious");
        assert_int_equal(symlinkat("file", dir, "link"), 0);
        assert_int_equal(in_steps(path_of("link")), 0);
        file_must_be("link", "new");
        assert_int_equal(unlinkat(dir, "link", 0), 0);
        assert_int_equal(symlinkat("file", dir, "link"), 0);
        assert_int_equal(file_replace(dir, "link", TEXT("first")), 0);
        file_must_be("link", "first");
        file_must_be("file", "precious");
}

static void a_pipe_a_socket_and_a_folder_are_left(void **state) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)state;
        assert_int_equal(mkfifoat(dir, "name", 0600), 0);
        must_be_left("name", -EEXIST);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of("other"));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        must_be_left("other", -EEXIST);
        assert_int_equal(mkdirat(dir, "file", 0700), 0);
        must_be_left("file", -EISDIR);
}

static void link_must_be_left(const char *target) {
        assert_int_equal(symlinkat(target, dir, "link"), 0);
        must_be_left("link", -EEXIST);
        assert_int_equal(unlinkat(dir, "link", 0), 0);
}

static void a_link_to_anything_else_is_left(void **state) {
        (void)state;
        assert_int_equal(mkfifoat(dir, "name", 0600), 0);
        link_must_be_left("name");
        link_must_be_left(folder);
        link_must_be_left("/dev/null"); /* the link alone is what would be replaced */
        link_must_be_left("missing");
        link_must_be_left("link"); /* to itself */
}

/* As /dev/stdout is one. */
static void a_link_through_proc_is_left_though_it_ends_in_a_plain_file(void **state) {
        _cleanup_(closep) int fd = -1;
        char target[64];

        (void)state;
        file_put("file", "old");
        fd = openat(dir, "file", O_RDWR | O_CLOEXEC);
        snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
        link_must_be_left(target);
        link_must_be_left("/proc/self/status");
        assert_int_equal(symlinkat(target, dir, "other"), 0);
        link_must_be_left("other");
        file_must_be("file", "old");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(nothing_and_a_plain_file_are_replaced),
                CASE(a_link_to_a_plain_file_is_replaced_and_not_followed),
                CASE(a_pipe_a_socket_and_a_folder_are_left),
                CASE(a_link_to_anything_else_is_left),
                CASE(a_link_through_proc_is_left_though_it_ends_in_a_plain_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
