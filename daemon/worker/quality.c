/* The rules of the host for new passwords, as libpwquality has them. Two of them open files at each
 * question and are off: dictcheck (cracklib's dictionary: blocklist.c has a list instead) and
 * gecoscheck (the name service). */
#include "quality.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "bytes.h"

#include <pwquality.h>
#include <stdio.h>

/* The library goes no lower. How long a password must be is password-min's to say: its own default
 * must not come in between. */
#define LENGTH_LEAST 6

#define LINE_SIZE 1024 /* the library takes no longer ones from its file */
#define NAME_SIZE 64
#define BLANKS    " \t\n\v\f\r"

static pwquality_settings_t *rules;

static void settings_freep(pwquality_settings_t **settings) {
        pwquality_free_settings(*settings);
        *settings = NULL;
}

static size_t until(struct text text, const char *ends) {
        size_t i;

        for (i = 0; i < text.len && !text_has(text_of(ends), text.p[i]); i++)
                ;
        return i;
}

/* "name = value", "name value" or "name", as pwquality.conf(5) has it, and a comment. */
static int line_take(pwquality_settings_t *settings, struct text line, char ret_name[NAME_SIZE]) {
        char option[LINE_SIZE];
        struct text name, value;

        line = text_trim((struct text){line.p, until(line, "#")}, TEXT(BLANKS));
        if (line.len == 0)
                return 0;
        name = (struct text){line.p, until(line, "= \t\f\v\r")};
        value = text_trim((struct text){line.p + name.len, line.len - name.len}, TEXT(BLANKS));
        if (value.len > 0 && *value.p == '=')
                value = text_trim((struct text){value.p + 1, value.len - 1}, TEXT(BLANKS));
        if (text_copy(name, ret_name, NAME_SIZE) < 0 ||
            text_has((struct text){line.p, line.len}, '\0') || line.len + 1 >= sizeof option)
                return PWQ_ERROR_CFGFILE_MALFORMED;
        snprintf(option, sizeof option, "%s=%.*s", ret_name, TEXT_ARGS(value));
        return pwquality_set_option(settings, option);
}

static int wrong_say(int code, char *name, unsigned line, struct quality_wrong *ret) {
        char what[PWQ_MAX_ERROR_MESSAGE_LEN];

        ret->line = line;
        snprintf(ret->what, sizeof ret->what, "%s: %s", *name ? name : "?",
                 pwquality_strerror(what, sizeof what, code, NULL));
        return code == PWQ_ERROR_MEM_ALLOC ? -ENOMEM : -EINVAL;
}

static int lines_take(pwquality_settings_t *settings, struct text text, struct quality_wrong *ret) {
        struct text line;
        unsigned number;

        for (number = 1; text_next_line(&text, &line); number++) {
                char name[NAME_SIZE] = "";
                int code = line_take(settings, line, name);

                if (code < 0)
                        return wrong_say(code, name, number, ret);
        }
        return 0;
}

int quality_set(struct text text, struct quality_wrong *ret_wrong) {
        _cleanup_(settings_freep) pwquality_settings_t *fresh = pwquality_default_settings();
        int r;

        if (!fresh)
                return -ENOMEM;
        if (pwquality_set_int_value(fresh, PWQ_SETTING_MIN_LENGTH, LENGTH_LEAST) < 0)
                return -EINVAL;
        r = lines_take(fresh, text, ret_wrong);
        if (r < 0)
                return r;
        if (pwquality_set_int_value(fresh, PWQ_SETTING_DICT_CHECK, 0) < 0 ||
            pwquality_set_int_value(fresh, PWQ_SETTING_GECOS_CHECK, 0) < 0)
                return -EINVAL;
        settings_freep(&rules);
        rules = take(fresh);
        return 0;
}

int quality_read(int fd, struct quality_wrong *ret_wrong) {
        _cleanup_(freep) char *bytes = NULL;
        size_t len;
        int r;

        r = bytes_read(fd, QUALITY_MAX, &bytes, &len);
        return r < 0 ? r : quality_set((struct text){bytes, len}, ret_wrong);
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
