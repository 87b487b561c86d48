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
                cmocka_unit_test(behind_landlock_no_path_opens_and_open_files_stay_good),
                cmocka_unit_test(a_seccomp_program_is_in_force_and_its_file_closed),
                cmocka_unit_test(a_file_that_is_no_program_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
