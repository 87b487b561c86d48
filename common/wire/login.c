/* The words of a login ticket. */
#include "login.h"

#include "../cleanup.h"

static const char *const phases[] = {
        [PAM_PHASE_AUTH] = "auth",       [PAM_PHASE_ACCOUNT] = "account",
        [PAM_PHASE_SESSION] = "session", [PAM_PHASE_CLOSE] = "close",
        [PAM_PHASE_CHECK] = "check",     [PAM_PHASE_PASSWORD] = "password",
};

static const char *const verdicts[] = {
        [LOGIN_DENIED] = "denied",     [LOGIN_UNKNOWN] = "unknown",
        [LOGIN_DISABLED] = "disabled", [LOGIN_EXPIRED] = "expired",
        [LOGIN_GRANTED] = "granted",   [LOGIN_MUST_CHANGE] = "must-change",
        [LOGIN_SHORT] = "too-short",   [LOGIN_LONG] = "too-long",
        [LOGIN_COMMON] = "common",     [LOGIN_NAME] = "user-name",
        [LOGIN_SIMILAR] = "similar",   [LOGIN_SIMPLE] = "too-simple",
};

static const char *word_at(const char *const *words, size_t count, unsigned index) {
        return index < count ? words[index] : NULL;
}

static unsigned index_of(const char *const *words, size_t count, struct text word) {
        unsigned i;

        for (i = 0; i < count; i++)
                if (words[i] && text_is(text_of(words[i]), word))
                        return i;
        return 0;
}

const char *pam_phase_word(enum pam_phase phase) {
        return word_at(phases, ELEMENTS(phases), phase);
}

const char *login_verdict_word(enum login_verdict verdict) {
        return word_at(verdicts, ELEMENTS(verdicts), verdict);
}

enum pam_phase pam_phase_of(struct text word) {
        return index_of(phases, ELEMENTS(phases), word);
}

enum login_verdict login_verdict_of(struct text word) {
        return index_of(verdicts, ELEMENTS(verdicts), word);
}
