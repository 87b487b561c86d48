/* pam_jeton: a login by the host's jeton daemon, as part of a PAM stack.
 *
 * Runs as:     whoever the application is, often root; in its process, beside its threads, signals
 *              and descriptors, all of which stay as they were.
 * Holds:       one password, for one exchange.
 * Trusts:      NSS for the account's uid, the two public pages when root owns them, and a login
 *              ticket whose signature they confirm. Nothing else that the daemon says.
 * If captured: the application is; so it parses no JSON before a signature holds, and no HTTP but
 *              the small client of client/exchange.c.
 *
 * Each phase is the list of its steps. No environment, no threads, no children, no globals. */
#include "attempt.h"

#include "../common/cleanup.h"

#include <syslog.h>

/* pam_modules.h declares these without marking them; everything else in here stays hidden. */
#define EXPORTED __attribute__((visibility("default")))

typedef enum situation step(struct attempt *attempt);

static step *const auth_steps[] = {
        account_find, arguments_check, account_is_ours, password_ask, login_ask, ticket_judge, NULL,
};

static step *const account_steps[] = {
        account_find, arguments_check, account_is_ours, login_ask, ticket_judge, NULL,
};

static void attempt_clear(struct attempt *attempt) {
        secret_free(attempt->ticket);
        explicit_bzero(attempt, sizeof *attempt);
}

static int run(pam_handle_t *pamh, enum pam_phase phase, step *const *steps, int argc,
               const char **argv) {
        _cleanup_(attempt_clear) struct attempt attempt = {
                .pamh = pamh, .phase = phase, .argv = argv, .bad_argument = -1, .uid = (uid_t)-1};
        enum situation situation = SITUATION_OPEN;

        options_read(phase, argc, argv, &attempt.options, &attempt.bad_argument);
        while (*steps && situation == SITUATION_OPEN)
                situation = (*steps++)(&attempt);
        if (situation == SITUATION_NOT_OURS && attempt.options.ignore_unknown_user)
                situation = SITUATION_IGNORED;
        return verdict_code(phase, situation);
}

enum situation arguments_check(struct attempt *attempt) {
        if (attempt->bad_argument < 0)
                return SITUATION_OPEN;
        attempt_log(attempt, LOG_ERR,
                    "argument \"%s\" is unknown in this phase, malformed or repeated",
                    attempt->argv[attempt->bad_argument]);
        return SITUATION_BAD_ARGUMENT;
}

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        (void)flags;
        return run(pamh, PAM_PHASE_AUTH, auth_steps, argc, argv);
}

EXPORTED int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        (void)flags;
        return run(pamh, PAM_PHASE_ACCOUNT, account_steps, argc, argv);
}

EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        (void)pamh;
        (void)flags;
        (void)argc;
        (void)argv;
        return verdict_code_setcred();
}
