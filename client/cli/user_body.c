/* The members of a request about a user. */
#include "user_body.h"

#include "password.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

int user_body_text(json_t *user, const char *member, const char *value, const char *option) {
        if (!value)
                return 0;
        if (json_object_set_new(user, member, json_string(value)) == 0)
                return 0;
        log_error("%s is not UTF-8", option);
        return -EINVAL;
}

int user_body_roles(json_t *user, const struct arguments *arguments) {
        json_t *roles = json_array();
        const char *role;
        size_t at = 0;
        int r = 0;

        while (r == 0 && (role = option_next(arguments, OPTION_ROLE, &at)))
                if (*role != '\0')
                        r = json_array_append_new(roles, json_string(role));
        if (r == 0 && option_is_given(arguments, OPTION_ADMIN))
                r = json_array_append_new(roles, json_string("admin"));
        if (json_object_set_new(user, "roles", roles) == 0 && r == 0)
                return 0;
        log_error("a role is not UTF-8");
        return -EINVAL;
}

static int add_secret(json_t *user, const char *member, const struct secret *secret) {
        json_t *value = json_stringn(secret->bytes, secret->len);

        if (json_object_set_new(user, member, value) == 0)
                return 0;
        log_error("the %s is not UTF-8", member);
        return -EINVAL;
}

int user_body_password(json_t *user, const char *member, const struct arguments *arguments) {
        bool line_only = option_is_given(arguments, OPTION_PASSWORD_STDIN);
        _cleanup_(secret_freep) struct secret *password = NULL;
        int r;

        r = password_get("New password: ", true, line_only, &password);
        return r < 0 ? r : add_secret(user, member, password);
}

int user_body_password_hash(json_t *user) {
        _cleanup_(secret_freep) struct secret *hash = NULL;
        int r;

        r = password_hash_get(&hash);
        return r < 0 ? r : add_secret(user, "password_hash", hash);
}
