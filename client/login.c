/* Logging in with a password, and again with a refresh token: POST /token (RFC 6749 4.3, 6). */
#include "tokens.h"

#include "../common/cleanup.h"
#include "../common/name.h"

static int check_request(struct jeton *jeton, const struct jeton_login_request *request) {
        if (!request->username || !*request->username)
                return failure_say(handle_failure(jeton), -EINVAL, "a login needs a user name");
        if (!request->password || request->password_len == 0)
                return failure_say(handle_failure(jeton), -EINVAL, "a login needs a password");
        if (request->password_len > PASSWORD_MAX)
                return failure_say(handle_failure(jeton), -EINVAL,
                                   "the password is longer than %d bytes", PASSWORD_MAX);
        return 0;
}

int jeton_login(struct jeton *jeton, const struct jeton_login_request *request,
                enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct grant grant = {.refused_as = "invalid_grant"};
        struct jeton_login_request known = JETON_LOGIN_REQUEST_INIT;
        int r;

        r = arguments_check(jeton, jeton && request && ret_outcome && ret_tokens);
        if (r == 0)
                r = argument_take(jeton, request, sizeof known, &known);
        if (r == 0)
                r = check_request(jeton, &known);
        if (r < 0)
                return r;
        grant_add(&grant, TEXT("grant_type"), TEXT("password"));
        grant_add(&grant, TEXT("username"), text_of(known.username));
        grant_add(&grant, TEXT("password"), (struct text){known.password, known.password_len});
        grant_add(&grant, TEXT("scope"), text_of(known.scope));
        r = grant_add_audiences(jeton, &grant, known.audience);
        return r < 0 ? r : grant_ask(jeton, &grant, ret_outcome, ret_tokens);
}

int jeton_refresh(struct jeton *jeton, const char *refresh_token, const char *scope,
                  enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct grant grant = {.refused_as = "invalid_grant"};
        int r;

        r = arguments_check(jeton, jeton && refresh_token && ret_outcome && ret_tokens);
        if (r < 0)
                return r;
        if (!*refresh_token)
                return failure_say(handle_failure(jeton), -EINVAL,
                                   "there is no token to refresh with");
        grant_add(&grant, TEXT("grant_type"), TEXT("refresh_token"));
        grant_add(&grant, TEXT("refresh_token"), text_of(refresh_token));
        grant_add(&grant, TEXT("scope"), text_of(scope));
        return grant_ask(jeton, &grant, ret_outcome, ret_tokens);
}
