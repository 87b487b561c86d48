/* Reads the module's arguments by one table. Knows nothing of logins. */
#include "options.h"

#include "../common/cleanup.h"
#include "../common/name.h"
#include "../common/wire/wire.h"

#include <errno.h>
#include <limits.h>

#define TIMEOUT_DEFAULT_MS 3000
#define TIMEOUT_MAX_MS     60000
#define MIN_UID_DEFAULT    1000

static int read_socket(struct text value, struct options *options) {
        if (value.len == 0 || value.len >= PATH_MAX || value.p[0] != '/')
                return -EINVAL;
        options->socket = value.p;
        options->socket_is_ours = true;
        return 0;
}

static const struct unit {
        struct text suffix;
        unsigned ms;
} units[] = {
        {TEXT("ms"), 1}, /* before "s", which ends it too */
        {TEXT("s"), 1000},
};

static bool cut_suffix(struct text *text, struct text suffix) {
        if (text->len < suffix.len)
                return false;
        if (!text_is((struct text){text->p + text->len - suffix.len, suffix.len}, suffix))
                return false;
        text->len -= suffix.len;
        return true;
}

static int read_timeout(struct text value, struct options *options) {
        unsigned long long number;
        size_t i = 0;

        while (!cut_suffix(&value, units[i].suffix))
                if (++i == ELEMENTS(units))
                        return -EINVAL;
        if (text_number(value, TIMEOUT_MAX_MS / units[i].ms, &number) < 0 || number == 0)
                return -EINVAL;
        options->timeout_ms = (int64_t)number * units[i].ms;
        return 0;
}

static int read_min_uid(struct text value, struct options *options) {
        unsigned long long number;

        /* (uid_t)-1 is no uid, and 0 is never ours. */
        if (text_number(value, (uid_t)-2, &number) < 0 || number == 0)
                return -EINVAL;
        options->min_uid = (uid_t)number;
        return 0;
}

static int read_use_first_pass(struct text value, struct options *options) {
        (void)value;
        options->password_source = PASSWORD_USE_FIRST;
        return 0;
}

static int read_try_first_pass(struct text value, struct options *options) {
        (void)value;
        if (options->password_source != PASSWORD_USE_FIRST)
                options->password_source = PASSWORD_TRY_FIRST;
        return 0;
}

static int read_use_authtok(struct text value, struct options *options) {
        (void)value;
        options->new_password_source = PASSWORD_USE_FIRST;
        return 0;
}

static int read_try_authtok(struct text value, struct options *options) {
        (void)value;
        if (options->new_password_source != PASSWORD_USE_FIRST)
                options->new_password_source = PASSWORD_TRY_FIRST;
        return 0;
}

static int read_ignore_unknown_user(struct text value, struct options *options) {
        (void)value;
        options->ignore_unknown_user = true;
        return 0;
}

static int read_require_role(struct text value, struct options *options) {
        if (!name_is_role(value))
                return -EINVAL;
        options->require_role = value;
        return 0;
}

static int read_audience(struct text value, struct options *options) {
        if (!name_is_audience(value))
                return -EINVAL;
        options->audience = value;
        return 0;
}

/* A list with spaces in it is one argument in brackets: [scope=read write]. */
static int read_scope(struct text value, struct options *options) {
        struct text list = value, word;

        if (value.len == 0 || value.len > SCOPE_MAX)
                return -EINVAL;
        while (text_next_word(&list, &word))
                if (!name_is_scope(word))
                        return -EINVAL;
        options->scope = value;
        return 0;
}

static int read_debug(struct text value, struct options *options) {
        (void)value;
        options->debug = true;
        return 0;
}

#define IN(phase)  (1u << PAM_PHASE_##phase)
#define EVERYWHERE (IN(AUTH) | IN(ACCOUNT) | IN(SESSION) | IN(CLOSE) | IN_PASSWORD)
/* libpam gives both of a pair the same line. */
#define IN_SESSION  (IN(SESSION) | IN(CLOSE))
#define IN_PASSWORD (IN(CHECK) | IN(PASSWORD))

/* A name that ends in '=' takes a value. Where it would mean nothing it is unknown: whoever wrote
 * it there expects something of it. */
static const struct known {
        struct text name;
        unsigned phases;
        int (*read)(struct text value, struct options *options);
} known[] = {
        {TEXT("socket="), EVERYWHERE, read_socket},
        {TEXT("timeout="), EVERYWHERE, read_timeout},
        {TEXT("min_uid="), EVERYWHERE, read_min_uid},
        {TEXT("ignore_unknown_user"), EVERYWHERE, read_ignore_unknown_user},
        {TEXT("debug"), EVERYWHERE, read_debug},
        {TEXT("require_role="), IN(AUTH) | IN(ACCOUNT), read_require_role},
        {TEXT("audience="), IN_SESSION, read_audience},
        {TEXT("scope="), IN_SESSION, read_scope},
        {TEXT("use_first_pass"), IN(AUTH) | IN_PASSWORD, read_use_first_pass},
        {TEXT("try_first_pass"), IN(AUTH) | IN_PASSWORD, read_try_first_pass},
        {TEXT("use_authtok"), IN_PASSWORD, read_use_authtok},
        {TEXT("try_authtok"), IN_PASSWORD, read_try_authtok},
};

static bool is_named(struct text argument, struct text name) {
        bool takes_value = name.p[name.len - 1] == '=';

        if (takes_value && argument.len > name.len)
                argument.len = name.len;
        return text_is(argument, name);
}

static int option_read(struct text argument, enum pam_phase phase, unsigned *seen,
                       struct options *options) {
        size_t i;

        for (i = 0; i < ELEMENTS(known); i++) {
                struct text name = known[i].name;

                if (!is_named(argument, name))
                        continue;
                if (!(known[i].phases & 1u << phase) || *seen & 1u << i)
                        return -EINVAL;
                *seen |= 1u << i;
                return known[i].read((struct text){argument.p + name.len, argument.len - name.len},
                                     options);
        }
        return -EINVAL;
}

int options_read(enum pam_phase phase, int argc, const char **argv, struct options *ret_options,
                 int *ret_bad) {
        unsigned seen = 0;
        int i, r;

        *ret_options = (struct options){
                .socket = JETON_SOCKET_DEFAULT,
                .timeout_ms = TIMEOUT_DEFAULT_MS,
                .min_uid = MIN_UID_DEFAULT,
        };
        for (i = 0; i < argc; i++) {
                r = option_read(text_of(argv[i]), phase, &seen, ret_options);
                if (r < 0) {
                        *ret_bad = i;
                        return r;
                }
        }
        return 0;
}
