/* What may be written about a user. */
#include "user_rules.h"

#include "setting.h"

#include <errno.h>

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
        if (email.len > 0 && !name_is_email(email))
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

/* A shorter name is in many a word. */
#define NAME_IN_PASSWORD_MIN 4

/* A user name has no capitals. */
static bool is_name_at(const char *at, struct text name) {
        size_t i;

        for (i = 0; i < name.len; i++)
                if ((at[i] >= 'A' && at[i] <= 'Z' ? at[i] - 'A' + 'a' : at[i]) != name.p[i])
                        return false;
        return true;
}

static bool has_name(struct text password, struct text name) {
        size_t i;

        if (name.len < NAME_IN_PASSWORD_MIN)
                return password.len == name.len && is_name_at(password.p, name);
        for (i = 0; i + name.len <= password.len; i++)
                if (is_name_at(password.p + i, name))
                        return true;
        return false;
}

enum complaint rule_password(const struct settings *settings, struct text username,
                             struct text password) {
        if (password.len > PASSWORD_MAX || text_has(password, '\0'))
                return COMPLAINT_LONG;
        if (password.len == 0 || characters(password) < settings->password_min)
                return COMPLAINT_SHORT;
        return has_name(password, username) ? COMPLAINT_NAME : COMPLAINT_NONE;
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
