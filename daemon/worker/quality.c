/* The rules of the host for new passwords, as libpwquality has them. Two of them open files at each
 * question and are off: dictcheck (cracklib's dictionary: blocklist.c has a list instead) and
 * gecoscheck (the name service). */
#include "quality.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/name.h"

#include <pwquality.h>

/* The library goes no lower. How long a password must be is password-min's to say: its own default
 * must not come in between. */
#define LENGTH_LEAST 6

static pwquality_settings_t *rules;

static int rules_default(void) {
        pwquality_free_settings(rules);
        rules = pwquality_default_settings();
        if (!rules)
                return -ENOMEM;
        return pwquality_set_int_value(rules, PWQ_SETTING_MIN_LENGTH, LENGTH_LEAST) < 0 ? -EINVAL
                                                                                        : 0;
}

int quality_prepare(void) {
        char what[PWQ_MAX_ERROR_MESSAGE_LEN];
        void *detail = NULL;
        int r, code;

        r = rules_default();
        if (r < 0)
                return r;
        code = pwquality_read_config(rules, NULL, &detail);
        if (code < 0 && code != PWQ_ERROR_CFGFILE_OPEN) {
                log_warning("pwquality.conf: %s: its rules do not count",
                            pwquality_strerror(what, sizeof what, code, detail));
                r = rules_default();
        }
        if (r == 0 && (pwquality_set_int_value(rules, PWQ_SETTING_DICT_CHECK, 0) < 0 ||
                       pwquality_set_int_value(rules, PWQ_SETTING_GECOS_CHECK, 0) < 0))
                r = -EINVAL;
        return r;
}

/* What is in no row is a rule that only pwquality.conf(5) can explain. */
static const struct {
        int code;
        enum complaint complaint;
} meanings[] = {
        {PWQ_ERROR_EMPTY_PASSWORD, COMPLAINT_SHORT},
        {PWQ_ERROR_MIN_LENGTH, COMPLAINT_SHORT},
        {PWQ_ERROR_USER_CHECK, COMPLAINT_NAME},
        {PWQ_ERROR_SAME_PASSWORD, COMPLAINT_SIMILAR},
        {PWQ_ERROR_TOO_SIMILAR, COMPLAINT_SIMILAR},
        {PWQ_ERROR_CASE_CHANGES_ONLY, COMPLAINT_SIMILAR},
        {PWQ_ERROR_ROTATED, COMPLAINT_SIMILAR},
        {PWQ_ERROR_BAD_WORDS, COMPLAINT_COMMON},
};

static enum complaint meaning_of(int code) {
        size_t i;

        if (code >= 0)
                return COMPLAINT_NONE; /* a score */
        for (i = 0; i < ELEMENTS(meanings); i++)
                if (meanings[i].code == code)
                        return meanings[i].complaint;
        return COMPLAINT_SIMPLE;
}

static uint32_t length_least(void) {
        int least = 0;

        return pwquality_get_int_value(rules, PWQ_SETTING_MIN_LENGTH, &least) == 0 && least > 0
                       ? (uint32_t)least
                       : LENGTH_LEAST;
}

enum complaint quality_judge(struct text password, struct text old, struct text username,
                             uint32_t *ret_at_least) {
        char new_copy[PASSWORD_MAX + 1], old_copy[PASSWORD_MAX + 1], name[USER_NAME_MAX + 1];
        enum complaint complaint = COMPLAINT_SIMPLE;

        if (text_copy(password, new_copy, sizeof new_copy) == 0 &&
            text_copy(old, old_copy, sizeof old_copy) == 0 &&
            text_copy(username, name, sizeof name) == 0)
                complaint = meaning_of(pwquality_check(rules, new_copy,
                                                       old.len > 0 ? old_copy : NULL, name, NULL));
        if (complaint == COMPLAINT_SHORT)
                *ret_at_least = length_least();
        explicit_bzero(new_copy, sizeof new_copy);
        explicit_bzero(old_copy, sizeof old_copy);
        return complaint;
}
