/* The transaction: a private folder for the stack, which is gone again before anybody is asked for
 * a password, and the phases. */
#include "trial.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../stack/root.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>

static void folder_remove(char **folder) {
        _cleanup_(closedirp) DIR *dir = *folder ? opendir(*folder) : NULL;
        const struct dirent *entry;

        while (dir && (entry = readdir(dir)))
                unlinkat(dirfd(dir), entry->d_name, 0);
        if (*folder)
                rmdir(*folder);
        free(*folder);
}

static int folder_make(char **ret) {
        char *folder = strdup("/tmp/jeton-pam-test.XXXXXX");

        if (!folder)
                return -ENOMEM;
        if (!mkdtemp(folder)) {
                int r = -errno;

                log_error("cannot make a folder in /tmp: %s", strerror(-r));
                free(folder);
                return r;
        }
        *ret = folder;
        return 0;
}

/* libpam reads the stack and loads its modules when it starts. */
static int start(const struct trial *trial, pam_handle_t **ret, bool *ret_has_jeton) {
        _cleanup_(folder_remove) char *folder = NULL;
        int r, code;

        r = folder_make(&folder);
        if (r == 0)
                r = stack_copy(trial, folder, ret_has_jeton);
        if (r < 0)
                return r;
        code = pam_start_confdir(trial->service ? trial->service : TRIAL_SERVICE, trial->user,
                                 &conversation, folder, ret);
        if (code == PAM_SUCCESS)
                return 0;
        log_error("libpam cannot start: %s", code_find(code, CIRCUMSTANCE_NONE)->means);
        return -EINVAL;
}

static const struct phase {
        const char *name;
        int (*run)(pam_handle_t *pamh, int flags);
        int flags;
        bool is_session; /* only with --session, and only once the login is granted */
} phases[] = {
        {"authenticate", pam_authenticate, 0, false},
        {"account", pam_acct_mgmt, 0, false},
        {"credentials", pam_setcred, PAM_ESTABLISH_CRED, true},
        {"open session", pam_open_session, 0, true},
        {"close session", pam_close_session, 0, true},
        {"credentials", pam_setcred, PAM_DELETE_CRED, true},
};

_Static_assert(ELEMENTS(phases) == RESULTS_MAX, "a result for each phase");

static bool account_is_missing(const char *user) {
        errno = 0;
        return !getpwnam(user) && (errno == 0 || errno == ENOENT || errno == ESRCH);
}

static enum circumstance circumstance_of(const char *user, bool has_jeton) {
        bool had_trouble = log_had_trouble();

        if (account_is_missing(user))
                return CIRCUMSTANCE_NO_ACCOUNT;
        if (!has_jeton)
                return CIRCUMSTANCE_NO_LINE;
        return had_trouble ? CIRCUMSTANCE_TROUBLE : CIRCUMSTANCE_NONE;
}

int trial_run(const struct trial *trial, struct result ret[RESULTS_MAX]) {
        pam_handle_t *pamh = NULL;
        int code = PAM_SUCCESS, count = 0, r;
        bool is_granted = true, has_jeton;
        size_t i;

        r = start(trial, &pamh, &has_jeton);
        if (r < 0)
                return r;
        for (i = 0; i < ELEMENTS(phases); i++) {
                int64_t began = clock_monotonic_ms();

                if (phases[i].is_session && !(trial->with_session && is_granted))
                        continue;
                code = phases[i].run(pamh, phases[i].flags);
                is_granted = is_granted && code == PAM_SUCCESS;
                ret[count++] =
                        (struct result){.phase = phases[i].name,
                                        .code = code,
                                        .circumstance = circumstance_of(trial->user, has_jeton),
                                        .ms = clock_monotonic_ms() - began};
        }
        pam_end(pamh, code);
        return count;
}
