/* Landlock and seccomp by their system calls: Debian 12's C library has no wrapper and its headers
 * know only the first rights. The seccomp program is compiled by the parent; nothing here chooses
 * what it allows. */
#include "sandbox.h"

#include "../../common/cleanup.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_landlock_add_rule
#define SYS_landlock_add_rule 445
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

/* struct landlock_ruleset_attr of the newest ABI that is used here. A kernel that knows fewer
 * fields takes a longer struct as long as the rest is zero. */
struct landlock_rights {
        uint64_t files;
        uint64_t network; /* from ABI 4 */
        uint64_t scoped;  /* from ABI 6 */
};

/* struct landlock_path_beneath_attr. */
struct landlock_below {
        uint64_t rights;
        int32_t folder;
} __attribute__((packed));

#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_ASK_ABI      1u

/* LANDLOCK_ACCESS_FS_WRITE_FILE, _REMOVE_FILE, _MAKE_REG: the bits of ABI 1. */
#define FILE_RIGHTS (UINT64_C(1) << 1 | UINT64_C(1) << 5 | UINT64_C(1) << 8)

/* LANDLOCK_ACCESS_FS_READ_FILE. */
#define READING_RIGHTS (UINT64_C(1) << 2)

/* LANDLOCK_ACCESS_FS_READ_DIR, and _TRUNCATE of ABI 3. */
#define ALL_FILE_RIGHTS (FILE_RIGHTS | READING_RIGHTS | UINT64_C(1) << 3 | UINT64_C(1) << 14)

/* LANDLOCK_ACCESS_FS_REMOVE_DIR, _MAKE_DIR. */
#define FOLDER_RIGHTS (UINT64_C(1) << 4 | UINT64_C(1) << 7)

#define LOW_BITS(count) ((UINT64_C(1) << (count)) - 1)

/* All rights that there are, by ABI: what is handled and has no rule is forbidden. */
static const struct landlock_rights rights_of_abi[] = {
        [0] = {0, 0, 0},
        [1] = {LOW_BITS(13), 0, 0},
        [2] = {LOW_BITS(14), 0, 0},                     /* linking across directories */
        [3] = {LOW_BITS(15), 0, 0},                     /* truncate */
        [4] = {LOW_BITS(15), LOW_BITS(2), 0},           /* TCP bind and connect */
        [5] = {LOW_BITS(16), LOW_BITS(2), 0},           /* ioctl of devices */
        [6] = {LOW_BITS(16), LOW_BITS(2), LOW_BITS(2)}, /* abstract sockets and signals */
};

/* To ask needs no right: EPERM is not the kernel's answer but that of a container manager, whose
 * own filter does not know the call. There the seccomp program, which lets nobody open a path but
 * names, units and issuer, stands alone. */
static int landlock_abi(void) {
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_ABI);

        if (abi < 0)
                return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
        return abi < (long)ELEMENTS(rights_of_abi) ? (int)abi : (int)ELEMENTS(rights_of_abi) - 1;
}

static int folder_open_up(int ruleset, int folder, uint64_t rights) {
        const struct landlock_below below = {.rights = rights, .folder = folder};

        return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_PATH_BENEATH, &below, 0) < 0
                       ? -errno
                       : 0;
}

static int landlock(const int *folders, size_t count, uint64_t rights_there) {
        _cleanup_(closep) int ruleset = -1;
        const struct landlock_rights *rights;
        int abi = landlock_abi(), r = 0;
        size_t i;

        if (abi <= 0)
                return abi;
        rights = &rights_of_abi[abi];
        ruleset = (int)syscall(SYS_landlock_create_ruleset, rights, sizeof(*rights), 0);
        if (ruleset < 0)
                return -errno;
        for (i = 0; r == 0 && i < count; i++)
                r = folder_open_up(ruleset, folders[i], rights_there & rights->files);
        if (r < 0)
                return r;
        return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

int sandbox_landlock(void) {
        return landlock(NULL, 0, 0);
}

int sandbox_landlock_but(int folder, bool with_folders) {
        return landlock(&folder, 1, with_folders ? FILE_RIGHTS | FOLDER_RIGHTS : FILE_RIGHTS);
}

int sandbox_landlock_reading(const int *folders, size_t count) {
        return landlock(folders, count, READING_RIGHTS);
}

int sandbox_landlock_within(const int *folders, size_t count) {
        return landlock(folders, count, ALL_FILE_RIGHTS);
}

/* ---- seccomp ---- */

/* How many instructions the file holds. */
static int program_length(int fd, unsigned short *ret) {
        struct stat status;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (status.st_size <= 0 || status.st_size % (off_t)sizeof(struct sock_filter) != 0 ||
            status.st_size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS)
                return -EBADMSG;
        *ret = (unsigned short)(status.st_size / (off_t)sizeof(struct sock_filter));
        return 0;
}

static int program_read(int fd, struct sock_filter *program, size_t size) {
        uint8_t *bytes = (uint8_t *)program;
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return -EBADMSG;
                done += n > 0 ? (size_t)n : 0;
        }
        return 0;
}

int sandbox_seccomp(int *fd) {
        _cleanup_(freep) struct sock_filter *instructions = NULL;
        struct sock_fprog program;
        int r;

        r = program_length(*fd, &program.len);
        if (r < 0)
                return r;
        instructions = calloc(program.len, sizeof(*instructions));
        if (!instructions)
                return -ENOMEM;
        r = program_read(*fd, instructions, program.len * sizeof(*instructions));
        if (r < 0)
                return r;
        closep(fd);
        program.filter = instructions;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}
