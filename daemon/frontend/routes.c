/* What this server answers: one row a request. The function of a row is in the file of its name,
 * and begins there what the rest of that file finishes. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "tally.h"

#include <stdio.h>

#define LOCAL    (1u << CLASS_PRIVILEGED | 1u << CLASS_LOCAL)
#define ANYWHERE (LOCAL | 1u << CLASS_WEB)

/* Rows of one path stand together; a fixed path stands before the pattern that would match it. {}
 * is one segment of a path, {+} at its end one or more. */
/* clang-format off */
static const struct route rows[] = {
        {"POST",  "/token",         ANYWHERE, MEDIA_FORM, token_begin},
        {"POST",  "/introspect",    ANYWHERE, MEDIA_FORM, introspect_begin},
        {"GET",   "/auth",          ANYWHERE, MEDIA_NONE, auth_begin},
        {"POST",  "/revoke",        ANYWHERE, MEDIA_FORM, revoke_begin},
        {"POST",  "/revocations",   ANYWHERE, MEDIA_JSON, revocation_begin},
        {"GET",   "/sessions",      ANYWHERE, MEDIA_NONE, session_list_begin},
        {"DELETE", "/sessions/{}",  ANYWHERE, MEDIA_NONE, session_end_begin},
        {"GET",   "/userinfo",      ANYWHERE, MEDIA_NONE, userinfo_begin},
        {"GET",   "/users/me",      ANYWHERE, MEDIA_NONE, me_begin},
        {"PATCH", "/users/me",      ANYWHERE, MEDIA_JSON, profile_change_begin},
        {"PUT",   "/users/me/password", ANYWHERE, MEDIA_JSON, password_change_begin},
        {"GET",   "/users",         ANYWHERE, MEDIA_NONE, user_list_begin},
        {"POST",  "/users",         ANYWHERE, MEDIA_JSON, user_add_begin},
        {"GET",   "/users/{}",      ANYWHERE, MEDIA_NONE, user_show_begin},
        {"PUT",   "/users/{}",      ANYWHERE, MEDIA_JSON, user_replace_begin},
        {"PATCH", "/users/{}",      ANYWHERE, MEDIA_JSON, user_change_begin},
        {"DELETE", "/users/{}",     ANYWHERE, MEDIA_NONE, user_remove_begin},
        {"POST",  "/users/{}/unlock", ANYWHERE, MEDIA_NONE, user_unlock_begin},
        {"POST",  "/import/users",  LOCAL,    MEDIA_JSON, user_import_begin},
        {"GET",   "/users/{}/links", ANYWHERE, MEDIA_NONE, link_list_begin},
        {"POST",  "/users/{}/links", ANYWHERE, MEDIA_JSON, link_add_begin},
        {"DELETE", "/users/{}/links", ANYWHERE, MEDIA_NONE, link_remove_begin},
        {"GET",    "/keys",         ANYWHERE, MEDIA_NONE, key_list_begin},
        {"POST",   "/keys/rotate",  ANYWHERE, MEDIA_JSON, key_rotate_begin},
        {"DELETE", "/keys/{}",      ANYWHERE, MEDIA_NONE, key_drop_begin},
        {"GET",    "/clients",      ANYWHERE, MEDIA_NONE, client_list_begin},
        {"POST",   "/clients",      ANYWHERE, MEDIA_JSON, client_add_begin},
        {"GET",    "/clients/{}",   ANYWHERE, MEDIA_NONE, client_show_begin},
        {"PATCH",  "/clients/{}",   ANYWHERE, MEDIA_JSON, client_change_begin},
        {"DELETE", "/clients/{}",   ANYWHERE, MEDIA_NONE, client_delete_begin},
        {"POST",   "/clients/{}/secret", ANYWHERE, MEDIA_NONE, client_secret_begin},
        {"POST",   "/policy/test",  ANYWHERE, MEDIA_JSON, policy_test_begin},
        {"POST",  "/pam/auth",      LOCAL,    MEDIA_FORM, pam_auth_begin},
        {"POST",  "/pam/account",   LOCAL,    MEDIA_FORM, pam_account_begin},
        {"POST",  "/pam/session",   LOCAL,    MEDIA_FORM, pam_session_begin},
        {"POST",  "/pam/session/close", LOCAL, MEDIA_FORM, pam_close_begin},
        {"POST",  "/login-codes",   LOCAL,    MEDIA_JSON, login_code_begin},
        {"POST",  "/pam/password",  LOCAL,    MEDIA_FORM, pam_password_begin},
        {"POST",  "/pam/password/check", LOCAL, MEDIA_FORM, pam_check_begin},
        {"GET",   "/health",        ANYWHERE, MEDIA_NONE, health_begin},
        {"GET",   "/metrics",       LOCAL,    MEDIA_NONE, metrics_begin},
        {"GET",   "/.well-known/jwks.json",                  ANYWHERE, MEDIA_NONE, jwks_begin},
        {"GET",   "/.well-known/oauth-authorization-server", ANYWHERE, MEDIA_NONE, metadata_begin},
        {"GET",   "/.well-known/oauth-authorization-server/{+}", ANYWHERE, MEDIA_NONE, metadata_begin},
        {"GET",   "/.well-known/openid-configuration",       ANYWHERE, MEDIA_NONE, metadata_begin},
        {"GET",   "/openapi.json",  ANYWHERE, MEDIA_NONE, openapi_begin},
        {"GET",   "/docs",          ANYWHERE, MEDIA_NONE, docs_begin},
};
/* clang-format on */

_Static_assert(ELEMENTS(rows) < TALLY_ROUTES, "each has a place where it is counted");

const struct route *route_rows(size_t *ret_count) {
        *ret_count = ELEMENTS(rows);
        return rows;
}

static bool path_matches(const char *pattern, struct text path, struct text *ret_parameter) {
        const char *rest = strstr(pattern, "{+}"), *hole = rest ? rest : strstr(pattern, "{}");
        size_t before = hole ? (size_t)(hole - pattern) : strlen(pattern);
        struct text after = hole ? text_of(strchr(hole, '}') + 1) : TEXT_NONE;

        if (path.len < before + after.len || memcmp(path.p, pattern, before) != 0 ||
            !text_is((struct text){path.p + path.len - after.len, after.len}, after))
                return false;
        *ret_parameter = (struct text){path.p + before, path.len - before - after.len};
        if (!hole)
                return ret_parameter->len == 0;
        return ret_parameter->len > 0 && (rest || !text_has(*ret_parameter, '/'));
}

/* The first row that has this path; the others of the path follow it. */
static const struct route *find_path(struct text path, enum caller_class class,
                                     struct text *ret_parameter) {
        size_t i;

        for (i = 0; i < ELEMENTS(rows); i++)
                if ((rows[i].classes & 1u << class) &&
                    path_matches(rows[i].pattern, path, ret_parameter))
                        return &rows[i];
        return NULL;
}

static bool is_same_path(const struct route *row, const struct route *first) {
        return row < rows + ELEMENTS(rows) && strcmp(row->pattern, first->pattern) == 0;
}

int route_find(struct text method, struct text path, enum caller_class class,
               const struct route **ret, struct text *ret_parameter, struct fault *fault) {
        struct text wanted = text_is(method, TEXT("HEAD")) ? TEXT("GET") : method;
        struct text parameter = TEXT_NONE;
        const struct route *first = find_path(path, class, &parameter), *row;

        if (!first)
                return fault_set(fault, 404, "not_found", "there is no such path");
        for (row = first; is_same_path(row, first); row++)
                if (text_is(wanted, text_of(row->method))) {
                        *ret = row;
                        *ret_parameter = parameter;
                        return 0;
                }
        return fault_set(fault, 405, "method_not_allowed", "this path has other methods");
}

void route_allow(struct text path, enum caller_class class, char ret[ALLOW_MAX]) {
        struct text parameter;
        const struct route *first = find_path(path, class, &parameter), *row;
        size_t len = 0;

        ret[0] = '\0';
        if (!first)
                return;
        for (row = first; is_same_path(row, first) && len < ALLOW_MAX; row++)
                len += (size_t)snprintf(ret + len, ALLOW_MAX - len, "%s%s%s", len > 0 ? ", " : "",
                                        row->method,
                                        strcmp(row->method, "GET") == 0 ? ", HEAD" : "");
}
