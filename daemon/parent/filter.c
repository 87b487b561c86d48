/* The seccomp programs of the children: lists of what each may still ask of the kernel once it is
 * set up. Anything else ends the process with SIGSYS, which the parent reports.
 *
 * The lists hold for the C libraries, OpenSSL and SQLite of Debian 12 and 13. A name that the
 * machine's architecture does not have is passed over. */
#include "filter.h"

#include "../../common/cleanup.h"

#ifdef JETON_SANITIZED

int filter_compile(enum process process, int *ret_fd) {
        (void)process;
        *ret_fd = -1;
        return 0;
}

#else

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

/* The frames, the log, memory, time, random numbers, and dying. */
static const char *const everybody[] = {
        "read",
        "write",
        "writev",
        "close",
        "recvmsg",
        "sendmsg",
        "poll",
        "ppoll",
        "fcntl",
        "fstat",
        "brk",
        "munmap",
        "mremap",
        "madvise",
        "futex",
        "clock_gettime",
        "clock_getres",
        "gettimeofday",
        "clock_nanosleep",
        "nanosleep",
        "getrandom",
        "getpid",
        "gettid",
        "tgkill",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "sysinfo",
        "sched_yield",
        "exit",
        "exit_group",
        "restart_syscall",
        "clock_gettime64",
        "futex_time64",
        "ppoll_time64",
        "clock_nanosleep_time64",
        NULL,
};

static const char *const events[] = {
        "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", NULL,
};

/* Connections that it is handed; the pages that it was handed. No path, no new socket. */
static const char *const frontend[] = {
        "recvfrom", "sendto", "shutdown",   "getsockopt", "setsockopt",
        "pread64",  "lseek",  "newfstatat", "statx",      NULL,
};

/* Accepts, keeps the database in the files that it opened before, and makes, replaces and removes
 * the tokens of system logins, relative to the folder that it was given. */
static const char *const authority[] = {
        "accept4",    "getpeername", "getsockopt", "setsockopt", "shutdown",  "pread64",
        "pwrite64",   "fsync",       "fdatasync",  "ftruncate",  "fallocate", "lseek",
        "stat",       "lstat",       "newfstatat", "statx",      "access",    "faccessat",
        "faccessat2", "getcwd",      "readlink",   "readlinkat", "flock",     "msync",
        "getuid",     "geteuid",     "getgid",     "getegid",    "mkdirat",   "renameat",
        "renameat2",  "unlinkat",    "fsetxattr",  "fstatfs",    "umask",     "pidfd_open",
        NULL,
};

/* SQLite tries these at times (to remove its journal at the end, to sync a directory) and lives
 * with a no. */
static const char *const authority_refused[] = {
        "open",
        "unlink",
        NULL,
};

/* Makes, renames and removes key files while it runs, relative to the folder that it was given;
 * Landlock refuses it every other folder. */
static const char *const signer[] = {
        "pread64", "lseek",    "newfstatat", "mlock",    "munlock", "mlock2", "msync",
        "openat",  "renameat", "renameat2",  "unlinkat", "fsync",   NULL,
};

/* The rules for new passwords, which come again in a reload. */
static const char *const worker[] = {"pread64", NULL};

/* Opens to read, and nothing else: below. */
static const char *const units[] = {NULL};

/* Looks for the files of keys in the folders that it was given. */
static const char *const issuer[] = {"newfstatat", "statx", "pread64", NULL};

/* The name service: files, nscd and its like, DNS, and the libraries it loads on the way. */
static const char *const names[] = {
        "openat",
        "open",
        "newfstatat",
        "stat",
        "lstat",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "getdents64",
        "getcwd",
        "lseek",
        "pread64",
        "mmap",
        "mmap2",
        "mprotect",
        "socket",
        "connect",
        "bind",
        "sendto",
        "recvfrom",
        "sendmmsg",
        "recvmmsg",
        "getsockopt",
        "setsockopt",
        "getsockname",
        "getpeername",
        "shutdown",
        "ioctl",
        "uname",
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "getresuid",
        "getresgid",
        "getgroups",
        "getppid",
        "prlimit64",
        "fstatfs",
        "statfs",
        "dup",
        "pipe2",
        "eventfd2",
        "umask",
        "arch_prctl",
        "set_robust_list",
        "rseq",
        "time",
        "flock",
        "timerfd_create",
        "timerfd_settime",
        NULL,
};

/* What no look-up needs and an attacker would like best. */
static const char *const never[] = {
        "execve",
        "execveat",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "setns",
        "unshare",
        "bpf",
        "perf_event_open",
        "init_module",
        "finit_module",
        "kexec_load",
        "keyctl",
        "add_key",
        "request_key",
        "userfaultfd",
        "io_uring_setup",
        "setuid",
        "setresuid",
        "setgid",
        "setresgid",
        NULL,
};

/* Memory that can be written never runs: PROT_EXEC is refused to all but the loader's client. */
static const char *const memory_calls[] = {"mmap", "mmap2", "mprotect", "pkey_mprotect", NULL};

/* Flags of openat(2): a rule for each flag that is not as it must be, because rules of one filter
 * have no order. The last has no mask. */
struct opening {
        uint64_t mask, value;
        bool is_good;
};

/* For a process that makes files and reads none: only a file that is not there yet can be opened,
 * to be written. Every other way is refused. */
static const struct opening making[] = {
        {O_ACCMODE | O_CREAT | O_EXCL, O_WRONLY | O_CREAT | O_EXCL, true},
        {O_ACCMODE, O_RDONLY, false},
        {O_ACCMODE, O_RDWR, false},
        {O_ACCMODE, O_ACCMODE, false},
        {O_CREAT, 0, false},
        {O_EXCL, 0, false},
        {0},
};

/* For a process that reads files: what is there, and nothing is changed by the opening. */
static const struct opening reading[] = {
        {O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY, true},
        {O_ACCMODE, O_WRONLY, false},
        {O_ACCMODE, O_RDWR, false},
        {O_ACCMODE, O_ACCMODE, false},
        {O_CREAT, O_CREAT, false},
        {O_TRUNC, O_TRUNC, false},
        {0},
};

#define LISTS 3

static const struct policy {
        const char *const *allowed[LISTS];
        const char *const *refused;     /* with EACCES */
        const char *const *killed;      /* where the rest is merely refused */
        const struct opening *openings; /* of openat(2), where it is not in the lists */
} policies[] = {
        [PROCESS_FRONTEND] = {{everybody, events, frontend}, NULL, NULL, NULL},
        [PROCESS_AUTHORITY] = {{everybody, events, authority}, authority_refused, NULL, making},
        [PROCESS_SIGNER] = {{everybody, events, signer}, NULL, NULL, NULL},
        [PROCESS_WORKER] = {{everybody, worker, NULL}, NULL, NULL, NULL},
        [PROCESS_UNITS] = {{everybody, units, NULL}, NULL, NULL, reading},
        /* Which module answers is the host's choice: a call that none of ours makes fails there as
         * on an old kernel, which they all know. */
        [PROCESS_NAMES] = {{everybody, names, NULL}, NULL, never, NULL},
        [PROCESS_ISSUER] = {{everybody, events, issuer}, NULL, NULL, reading},
        /* PAM modules do anything, and start programs: none. */
        [PROCESS_PAM] = {{NULL, NULL, NULL}, NULL, NULL, NULL},
};

static void context_release(scmp_filter_ctx *context) {
        if (*context)
                seccomp_release(*context);
}

static int list_add(scmp_filter_ctx context, uint32_t action, const char *const *list) {
        int r = 0;

        for (; r == 0 && list && *list; list++) {
                int number = seccomp_syscall_resolve_name(*list);

                if (number >= 0)
                        r = seccomp_rule_add(context, action, number, 0);
        }
        return r;
}

static int memory_add(scmp_filter_ctx context) {
        const char *const *name;
        int r = 0;

        for (name = memory_calls; r == 0 && *name; name++) {
                int number = seccomp_syscall_resolve_name(*name);

                if (number >= 0)
                        r = seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 1,
                                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        }
        return r;
}

static int openings_add(scmp_filter_ctx context, const struct opening *opening) {
        int r = 0;

        for (; r == 0 && opening->mask; opening++)
                r = seccomp_rule_add(context,
                                     opening->is_good ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES),
                                     SCMP_SYS(openat), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, opening->mask, opening->value));
        return r;
}

static int policy_add(scmp_filter_ctx context, const struct policy *policy) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < LISTS; i++)
                r = list_add(context, SCMP_ACT_ALLOW, policy->allowed[i]);
        if (r == 0)
                r = list_add(context, SCMP_ACT_ERRNO(EACCES), policy->refused);
        if (r == 0 && policy->openings)
                r = openings_add(context, policy->openings);
        if (r)
                return r;
        return policy->killed ? list_add(context, SCMP_ACT_KILL_PROCESS, policy->killed)
                              : memory_add(context);
}

static int policy_export(scmp_filter_ctx context, int *ret_fd) {
        _cleanup_(closep) int fd = memfd_create("jetond-filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r;

        if (fd < 0)
                return -errno;
        r = seccomp_export_bpf(context, fd);
        if (r)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        *ret_fd = take_fd(&fd);
        return 0;
}

int filter_compile(enum process process, int *ret_fd) {
        const struct policy *policy = &policies[process];
        _cleanup_(context_release) scmp_filter_ctx context = NULL;
        int r;

        if (!policy->allowed[0])
                return 0;
        context = seccomp_init(policy->killed ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS);
        if (!context)
                return -ENOMEM;
        r = policy_add(context, policy);
        return r ? r : policy_export(context, ret_fd);
}

#endif
