/* The system call filters of the authority, which makes files and opens none that is there, and of
 * units, which reads, whatever Landlock is able to add. Each look is from a process of its own,
 * because the filter stays. */
/* links: daemon/parent/filter.c */
/* needs: libseccomp */
/* not sanitized: there is no filter then */
#include "../../common/cleanup.h"
#include "../../daemon/parent/filter.h"
#include "../../daemon/privsep/sandbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <cmocka.h>

#define MAKES (O_WRONLY | O_CREAT | O_EXCL)

static int folder = -1;

/* Behind the filter: the errno of that opening, 0 when it works. */
static int opened(const char *name, int flags) {
        int fd = openat(folder, name, flags | O_CLOEXEC, 0600);

        if (fd < 0)
                return errno;
        close(fd);
        return 0;
}

static int status_behind_filter(enum process process, const char *name, int flags) {
        int status = -1, filter = -1;
        pid_t pid;

        assert_int_equal(filter_compile(process, &filter), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                _exit(sandbox_seccomp(&filter) < 0 ? 255 : opened(name, flags));
        }
        close(filter);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void assert_opening(const char *name, int flags, int error) {
        int status = status_behind_filter(PROCESS_AUTHORITY, name, flags);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != error)
                fail_msg("%s with flags %#o: status %#x", name, (unsigned)flags, (unsigned)status);
}

static void the_authority_makes_a_file(void **state) {
        (void)state;
        unlinkat(folder, "new", 0);
        assert_opening("new", MAKES, 0);
        assert_opening("new", MAKES, EEXIST);
        unlinkat(folder, "new", 0);
        assert_opening("new", MAKES | O_NOFOLLOW | O_TRUNC, 0);
        unlinkat(folder, "new", 0);
}

static void the_authority_opens_nothing_that_is_there(void **state) {
        static const int flags[] = {
                O_RDONLY,
                O_RDONLY | O_DIRECTORY,
                O_RDONLY | O_CREAT | O_EXCL,
                O_RDWR,
                O_RDWR | O_CREAT | O_EXCL,
                O_ACCMODE | O_CREAT | O_EXCL,
                O_WRONLY,
                O_WRONLY | O_CREAT,
                O_WRONLY | O_EXCL,
                O_WRONLY | O_TRUNC,
                O_PATH,
                O_TMPFILE | O_WRONLY,
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(flags); i++)
                assert_opening("there", flags[i], EACCES);
}

static void assert_units_opening(const char *name, int flags, int error) {
        int status = status_behind_filter(PROCESS_UNITS, name, flags);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != error)
                fail_msg("%s with flags %#o: status %#x", name, (unsigned)flags, (unsigned)status);
}

static void units_reads_what_is_there_and_opens_nothing_else(void **state) {
        (void)state;
        assert_units_opening("there", O_RDONLY, 0);
        assert_units_opening("new", O_RDONLY, ENOENT);
        assert_units_opening("there", O_WRONLY, EACCES);
        assert_units_opening("there", O_RDWR, EACCES);
        assert_units_opening("there", O_ACCMODE, EACCES);
        assert_units_opening("there", O_RDONLY | O_TRUNC, EACCES);
        assert_units_opening("new", O_RDONLY | O_CREAT, EACCES);
        assert_units_opening("new", MAKES, EACCES);
        assert_units_opening(".", O_TMPFILE | O_WRONLY, EACCES);
}

static void a_frontend_does_not_come_back_from_trying(void **state) {
        int status = status_behind_filter(PROCESS_FRONTEND, "new", MAKES);

        (void)state;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static int folder_make(void **state) {
        static char path[] = "/tmp/jeton-filter.XXXXXX";
        int fd;

        *state = mkdtemp(path);
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fd = openat(folder, "there", MAKES | O_CLOEXEC, 0600);
        return fd < 0 ? -1 : close(fd);
}

static int folder_remove(void **state) {
        unlinkat(folder, "there", 0);
        closep(&folder);
        return rmdir(*state);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_authority_makes_a_file),
                cmocka_unit_test(the_authority_opens_nothing_that_is_there),
                cmocka_unit_test(units_reads_what_is_there_and_opens_nothing_else),
                cmocka_unit_test(a_frontend_does_not_come_back_from_trying),
        };

        return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
