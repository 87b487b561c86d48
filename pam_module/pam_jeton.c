/* pam_jeton: a login by the host's jeton daemon, as part of a PAM stack.
 *
 * Runs as:     whoever the application is, often root; in its process, beside its threads, signals
 *              and descriptors, all of which stay as they were.
 * Holds:       one password, for one exchange; between the phases a login ticket and the name of a
 *              session.
 * Trusts:      NSS for the account's uid, the two public pages when root owns them, and a login
 *              ticket whose signature they confirm. Nothing else that the daemon says.
 * If captured: the application is; so it parses no JSON before a signature holds, and no HTTP but
 *              the small client of client/exchange.c.
 *
 * Each phase is the list of its steps. No environment but one variable, which
 * is given to libpam and in a change read (session.c), no threads, no children, no globals. */
#include "attempt.h"

#include "../common/cleanup.h"

#include <syslog.h>
#include <unistd.h>

/* pam_modules.h declares these without marking them; everything else in here stays hidden. */
#define EXPORTED __attribute__((visibility("default")))

typedef enum situation step(struct attempt *attempt);

#define STEPS_MAX 9

/* Until a step settles the situation; when that is a login, `granted` has the last word. */
static const struct phase {
        step *steps[STEPS_MAX + 1];
        step *granted;
} phases[] = {
        [PAM_PHASE_AUTH] = {{account_find, arguments_check, account_is_ours, password_ask,
                             login_ask, ticket_judge},
                            login_keep},
        [PAM_PHASE_ACCOUNT] = {{account_find, arguments_check, account_is_ours, login_ask,
                                ticket_judge},
                               NULL},
        [PAM_PHASE_SESSION] = {{account_find, arguments_check, account_is_ours, login_recall,
                                login_ask, ticket_judge},
                               session_keep},
        /* Who was unlinked meanwhile has a session to close all the same. */
        [PAM_PHASE_CLOSE] = {{session_recall, account_find, arguments_check, login_ask,
                              ticket_judge},
                             session_forget},
        [PAM_PHASE_CHECK] = {{account_find, arguments_check, account_is_ours, expiry_ask,
                              present_ask, login_ask, ticket_judge},
                             NULL},
        [PAM_PHASE_PASSWORD] = {{account_find, arguments_check, account_is_ours, expiry_ask,
                                 present_recall, new_password_ask, session_show, login_ask,
                                 ticket_judge},
                                NULL},
};

static void attempt_clear(struct attempt *attempt) {
        secret_free(attempt->ticket);
        secret_free(attempt->present);
        explicit_bzero(attempt, sizeof *attempt);
}

/* The real uid: passwd(1) is root for everybody who runs it. Whose password has run out proves that
 * he knows it, although login(1) is root's. */
static bool is_by_root(unsigned flags) {
        return getuid() == 0 && !(flags & PAM_CHANGE_EXPIRED_AUTHTOK);
}

static bool is_of_expired(unsigned flags) {
        return (flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0;
}

static int run(pam_handle_t *pamh, enum pam_phase phase, unsigned flags, int argc,
               const char **argv) {
        _cleanup_(attempt_clear) struct attempt attempt = {.pamh = pamh,
                                                           .phase = phase,
                                                           .argv = argv,
                                                           .bad_argument = -1,
                                                           .uid = (uid_t)-1,
                                                           .by_root = is_by_root(flags),
                                                           .only_expired = is_of_expired(flags),
                                                           .is_silent = (flags & PAM_SILENT) != 0};
        enum situation situation = SITUATION_OPEN;
        step *const *steps = phases[phase].steps;

        options_read(phase, argc, argv, &attempt.options, &attempt.bad_argument);
        for (; *steps && situation == SITUATION_OPEN; steps++)
                situation = (*steps)(&attempt);
        if (situation == SITUATION_GRANTED && phases[phase].granted)
                situation = phases[phase].granted(&attempt);
        situation_explain(&attempt, situation);
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
        return run(pamh, PAM_PHASE_AUTH, (unsigned)flags, argc, argv);
}

EXPORTED int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        return run(pamh, PAM_PHASE_ACCOUNT, (unsigned)flags, argc, argv);
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        return run(pamh, PAM_PHASE_SESSION, (unsigned)flags, argc, argv);
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        return run(pamh, PAM_PHASE_CLOSE, (unsigned)flags, argc, argv);
}

/* libpam calls it twice, with one of the two. */
EXPORTED int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        enum pam_phase phase =
                (unsigned)flags & PAM_PRELIM_CHECK ? PAM_PHASE_CHECK : PAM_PHASE_PASSWORD;

        return run(pamh, phase, (unsigned)flags, argc, argv);
}

EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
        (void)pamh;
        (void)flags;
        (void)argc;
        (void)argv;
        return verdict_code_setcred();
}
