/* What can be taken from a process in which PAM modules are to run. They read /etc/shadow, change
 * their uid, start helpers and load what NSS names: no filter of system calls and no Landlock rule
 * fits them all. */
#include "confine.h"

#include "../../common/cleanup.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* Files of others and of nobody (Fedora's /etc/shadow has mode 0), another uid for a helper, and
 * the audit line without which libpam refuses. Not: ptrace, mount, modules, network, kill. */
#define KEPT                                                                                   \
        (BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | \
         BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_AUDIT_WRITE))

/* What helpers would get back from exec(2) as root. Needs a right that the packaged unit does not
 * have; its own bounding set is as narrow. */
static void bounding_set_narrow(void) {
        int capability;

        for (capability = 0; capability < 64; capability++)
                if (!(KEPT & BIT(capability)))
                        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static int capabilities_drop(void) {
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        size_t i;

        bounding_set_narrow();
        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (i = 0; i < ELEMENTS(data); i++) {
                data[i].permitted &= (uint32_t)(KEPT >> (32 * i));
                data[i].effective &= (uint32_t)(KEPT >> (32 * i));
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int confine(void) {
        int r;

        r = capabilities_drop();
        if (r < 0)
                return r;
        /* A module does not look at our control channel. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
            prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

int silence(void) {
        clearenv();
        return dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ? -errno : 0;
}
