/* The fences hold, and what is no fence is refused. Each test closes them around a process of its
 * own, because nobody comes out again. */
#include "../../common/cleanup.h"
#include "../../daemon/privsep/sandbox.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

/* The exit status of a process that runs `inside`. */
static int status_of(int (*inside)(int fd), int fd) {
        pid_t pid = fork();
        int status = -1;

        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                _exit(inside(fd));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int program_file(const void *bytes, size_t len) {
        int fd = memfd_create("program", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, len), len);
        return fd;
}

/* 0: everything as it should be. */
static int inside_landlock(int fd) {
        char byte;

        if (sandbox_landlock() < 0)
                return 1;
        if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
                return 2;
        if (open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0 || errno != EACCES)
                return 3;
        return pread(fd, &byte, 1, 0) == 1 ? 0 : 4;
}

/* ---- but for one folder: what is in it, beside it and where it leads ---- */

/* The steps that the signer takes with a key's file, on names within the folder. */
static bool file_is_made_renamed_and_removed(int folder) {
        _cleanup_(closep) int file =
                openat(folder, "new", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

        return file >= 0 && write(file, "x", 1) == 1 &&
               renameat(folder, "new", folder, "named") == 0 && unlinkat(folder, "named", 0) == 0;
}

static bool is_refused(int fd, int error) {
        if (fd >= 0)
                close(fd);
        return fd < 0 && errno == error;
}

/* 0: everything as it should be. */
static int inside_landlock_but(int folder) {
        if (sandbox_landlock_but(folder, false) < 0)
                return 1;
        if (!file_is_made_renamed_and_removed(folder))
                return 2;
        if (openat(folder, "../outside/file", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
                return 3;
        if (!is_refused(openat(folder, "../new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES))
                return 4;
        /* Landlock's ABI 1 says EXDEV of every rename into another folder. */
        if (renameat(folder, "kept", folder, "../outside/kept") == 0 ||
            (errno != EACCES && errno != EXDEV))
                return 5;
        if (unlinkat(folder, "../outside/file", 0) == 0 || errno != EACCES)
                return 6;
        /* More than what it needs there: to read, to make a folder, a link, a pipe. */
        if (!is_refused(openat(folder, "kept", O_RDONLY | O_CLOEXEC), EACCES))
                return 7;
        if (mkdirat(folder, "sub", 0700) == 0 || errno != EACCES)
                return 8;
        if (symlinkat("/etc/passwd", folder, "link") == 0 || errno != EACCES)
                return 9;
        if (mknodat(folder, "pipe", S_IFIFO | 0600, 0) == 0 || errno != EACCES)
                return 10;
        return is_refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES) ? 0 : 11;
}

static int inside_landlock_reading(int folder) {
        if (sandbox_landlock_reading(&folder, 1) < 0)
                return 1;
        if (is_refused(openat(folder, "kept", O_RDONLY | O_CLOEXEC), EACCES))
                return 2;
        if (!is_refused(openat(folder, "../outside/file", O_RDONLY | O_CLOEXEC), EACCES))
                return 3;
        if (!is_refused(openat(folder, "kept", O_WRONLY | O_CLOEXEC), EACCES))
                return 4;
        if (!is_refused(openat(folder, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES))
                return 5;
        if (!is_refused(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES))
                return 6;
        if (unlinkat(folder, "kept", 0) == 0 || errno != EACCES)
                return 7;
        return is_refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES) ? 0 : 8;
}

static int inside_landlock_within(int folder) {
        if (sandbox_landlock_within(&folder, 1) < 0)
                return 1;
        if (is_refused(openat(folder, "kept", O_RDWR | O_TRUNC | O_CLOEXEC), EACCES) ||
            is_refused(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES))
                return 2;
        if (!file_is_made_renamed_and_removed(folder))
                return 3;
        if (!is_refused(openat(folder, "../outside/file", O_RDONLY | O_CLOEXEC), EACCES))
                return 4;
        if (!is_refused(openat(folder, "../new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES))
                return 5;
        if (symlinkat("/etc/passwd", folder, "link") == 0 || errno != EACCES)
                return 6;
        return is_refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES) ? 0 : 7;
}

static void file_put(int folder, const char *path) {
        int fd = openat(folder, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        close(fd);
}

/* top/inside/kept, top/outside/file. The descriptor is that of `inside`. */
static int folders_make(char top[], int *ret_top) {
        int inside;

        assert_non_null(mkdtemp(top));
        *ret_top = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(*ret_top >= 0);
        assert_int_equal(mkdirat(*ret_top, "inside", 0700), 0);
        assert_int_equal(mkdirat(*ret_top, "outside", 0700), 0);
        file_put(*ret_top, "inside/kept");
        file_put(*ret_top, "outside/file");
        inside = openat(*ret_top, "inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(inside >= 0);
        return inside;
}

static void folders_remove(const char *top, int top_fd) {
        unlinkat(top_fd, "inside/kept", 0);
        unlinkat(top_fd, "outside/file", 0);
        unlinkat(top_fd, "inside", AT_REMOVEDIR);
        unlinkat(top_fd, "outside", AT_REMOVEDIR);
        assert_int_equal(rmdir(top), 0); /* nothing else was left there */
}

static int errno_of(int result) {
        return result < 0 ? errno : 0;
}

/* `fd` is a folder with a folder "old" in it. */
static int inside_landlock_but_with_folders(int fd) {
        if (sandbox_landlock_but(fd, true) < 0)
                return 1;
        if (openat(fd, "old/file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0)
                return 2;
        if (renameat(fd, "old/file", fd, "old/renamed") < 0 || unlinkat(fd, "old/renamed", 0) < 0)
                return 3;
        if (mkdirat(fd, "new", 0700) < 0 || unlinkat(fd, "new", AT_REMOVEDIR) < 0)
                return 4;
        if (errno_of(openat(fd, "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) != EACCES)
                return 5;
        return errno_of(mkdir("/tmp/jeton-elsewhere", 0700)) == EACCES ? 0 : 6;
}

static bool kernel_has_landlock(void) {
        return syscall(444 /* landlock_create_ruleset */, NULL, 0, 1u) > 0;
}

static void behind_landlock_no_path_opens_and_open_files_stay_good(void **state) {
        _cleanup_(closep) int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

        (void)state;
        if (!kernel_has_landlock()) {
                assert_int_equal(sandbox_landlock(), 0);
                return;
        }
        assert_int_equal(status_of(inside_landlock, fd), 0);
}

static void but_for_one_folder_plain_files_are_made_renamed_and_removed_there_alone(void **state) {
        char top[] = "/tmp/jeton-sandbox.XXXXXX";
        _cleanup_(closep) int top_fd = -1, inside = -1;

        (void)state;
        inside = folders_make(top, &top_fd);
        if (kernel_has_landlock())
                assert_int_equal(status_of(inside_landlock_but, inside), 0);
        else
                assert_int_equal(sandbox_landlock_but(inside, false), 0);
        folders_remove(top, top_fd);
}

static void below_one_folder_plain_files_can_stay_readable(void **state) {
        char top[] = "/tmp/jeton-sandbox.XXXXXX";
        _cleanup_(closep) int top_fd = -1, inside = -1;

        (void)state;
        inside = folders_make(top, &top_fd);
        if (kernel_has_landlock())
                assert_int_equal(status_of(inside_landlock_reading, inside), 0);
        else
                assert_int_equal(sandbox_landlock_reading(&inside, 1), 0);
        folders_remove(top, top_fd);
}

static void within_one_folder_plain_files_can_stay_what_their_modes_say(void **state) {
        char top[] = "/tmp/jeton-sandbox.XXXXXX";
        _cleanup_(closep) int top_fd = -1, inside = -1;

        (void)state;
        inside = folders_make(top, &top_fd);
        if (kernel_has_landlock())
                assert_int_equal(status_of(inside_landlock_within, inside), 0);
        else
                assert_int_equal(sandbox_landlock_within(&inside, 1), 0);
        folders_remove(top, top_fd);
}

static void behind_landlock_one_folder_can_stay_open_for_making(void **state) {
        _cleanup_(closep) int fd = -1;
        char path[] = "/tmp/jeton-sandbox.XXXXXX";

        (void)state;
        if (!kernel_has_landlock())
                return;
        assert_non_null(mkdtemp(path));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(fd, "old", 0700), 0);
        assert_int_equal(status_of(inside_landlock_but_with_folders, fd), 0);
        unlinkat(fd, "old", AT_REMOVEDIR);
        rmdir(path);
}

/* getppid(2) fails with EDOM, everything else is allowed: an errno that no kernel gives there. */
static const struct sock_filter no_getppid[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int inside_seccomp(int fd) {
        int file = fd;

        if (sandbox_seccomp(&file) < 0)
                return 1;
        if (file != -1 || fcntl(fd, F_GETFD) >= 0)
                return 2;
        return syscall(SYS_getppid) == -1 && errno == EDOM ? 0 : 3;
}

static void a_seccomp_program_is_in_force_and_its_file_closed(void **state) {
        _cleanup_(closep) int fd = program_file(no_getppid, sizeof(no_getppid));

        (void)state;
        assert_int_equal(status_of(inside_seccomp, fd), 0);
}

static int inside_refused(int fd) {
        int r = sandbox_seccomp(&fd);

        if (r >= 0 || syscall(SYS_getppid) <= 0)
                return 255;
        return -r;
}

static void a_file_that_is_no_program_is_refused(void **state) {
        static const struct sock_filter nonsense[] = {{.code = 0xffff}};
        static const uint8_t too_long[(BPF_MAXINSNS + 1) * sizeof(struct sock_filter)];
        const struct {
                const void *bytes;
                size_t len;
                int error;
        } files[] = {
                {"", 0, EBADMSG},
                {no_getppid, sizeof(no_getppid) - 1, EBADMSG},
                {too_long, sizeof(too_long), EBADMSG},
                {nonsense, sizeof(nonsense), EINVAL},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                int fd = program_file(files[i].bytes, files[i].len);

                assert_int_equal(status_of(inside_refused, fd), files[i].error);
                closep(&fd);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(below_one_folder_plain_files_can_stay_readable),
                cmocka_unit_test(within_one_folder_plain_files_can_stay_what_their_modes_say),
                cmocka_unit_test(behind_landlock_one_folder_can_stay_open_for_making),
                cmocka_unit_test(behind_landlock_no_path_opens_and_open_files_stay_good),
                cmocka_unit_test(
                        but_for_one_folder_plain_files_are_made_renamed_and_removed_there_alone),
                cmocka_unit_test(a_seccomp_program_is_in_force_and_its_file_closed),
                cmocka_unit_test(a_file_that_is_no_program_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
