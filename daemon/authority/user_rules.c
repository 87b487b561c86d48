/* What may be written about a user. */
#include "user_rules.h"

#include "setting.h"

#include <errno.h>

/* Enough to be of use and no more: mail servers know the rest (RFC 5321 4.1.2). */
static bool is_email(struct text email) {
        const char *at = email.len > 0 ? memchr(email.p, '@', email.len) : NULL;

        return email.len == 0 || (at && at > email.p && at < email.p + email.len - 1 &&
                                  !text_has(email, ' ') && text_is_printable_utf8(email));
}

static bool are_roles(struct text roles) {
        struct text role;

        while (text_next_word(&roles, &role))
                if (!name_is_role(role))
                        return false;
        return true;
}

enum refusal rule_profile(struct text full_name, struct text email, struct text roles) {
        if (!text_is_printable_utf8(full_name))
                return REFUSAL_FULL_NAME;
        if (!is_email(email))
                return REFUSAL_EMAIL;
        return are_roles(roles) ? REFUSAL_NONE : REFUSAL_ROLES;
}

/* Characters, not bytes: every byte but the continuations of UTF-8. */
static size_t characters(struct text text) {
        size_t i, count = 0;

        for (i = 0; i < text.len; i++)
                count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
        return count;
}

enum refusal rule_password(const struct settings *settings, struct text username,
                           struct text password) {
        if (password.len > PASSWORD_MAX || text_has(password, '\0'))
                return REFUSAL_PASSWORD_LONG;
        if (password.len == 0 || characters(password) < settings->password_min)
                return REFUSAL_PASSWORD_SHORT;
        return text_is(password, username) ? REFUSAL_PASSWORD_NAME : REFUSAL_NONE;
}

enum refusal rule_password_hash(struct text hash) {
        char setting[SETTING_MAX];
        struct text digest;
        int r;

        r = setting_of_hash(hash, setting, &digest);
        if (r == -ERANGE)
                return REFUSAL_PASSWORD_COST;
        return r < 0 ? REFUSAL_PASSWORD_HASH : REFUSAL_NONE;
}
