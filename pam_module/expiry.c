/* PAM_CHANGE_EXPIRED_AUTHTOK: a password that has run out is to be changed before a login goes on.
 * Which one of those that the stack knows it is the application cannot say, so each module has to
 * find out; a person is not asked for one that is still good. */
#include "attempt.h"

#include "../common/cleanup.h"

/* The question of the account phase, which the daemon answers to whoever asks for the change. */
static enum situation account_ask(struct attempt *attempt) {
        const enum pam_phase phase = attempt->phase;
        enum situation situation;

        attempt->phase = PAM_PHASE_ACCOUNT;
        situation = login_ask(attempt);
        if (situation == SITUATION_OPEN)
                situation = ticket_judge(attempt);
        secret_free(take(attempt->ticket));
        attempt->phase = phase;
        return situation;
}

enum situation expiry_ask(struct attempt *attempt) {
        enum situation situation;

        if (!attempt->only_expired)
                return SITUATION_OPEN;
        situation = account_ask(attempt);
        if (situation == SITUATION_MUST_CHANGE)
                return SITUATION_OPEN;
        return situation == SITUATION_GRANTED ? SITUATION_CURRENT : situation;
}
