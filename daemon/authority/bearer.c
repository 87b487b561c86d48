/* Access tokens presented to jeton itself. */
#include "bearer.h"

#include "../../common/clock.h"
#include "../../common/jwt/verify.h"

#include <errno.h>

int bearer_load_keys(struct authority *authority) {
        return keyset_refresh(&authority->keyset, authority->keys_page_fd);
}

int bearer_find_user(const struct call *call, const struct claims *claims, struct user **ret) {
        unsigned long long id;
        int r;

        /* Only a person's subject is a bare number. */
        r = text_number(text_of(claims->sub), INT64_MAX, &id);
        if (r < 0)
                return -ENOENT;
        return users_find_id(call->authority->store, id, ret);
}

int bearer_read(struct call *call, struct text token, const char *audience,
                struct claims *ret_claims, enum refusal *ret_refusal) {
        struct authority *authority = call->authority;
        struct expectation expect = {
                .audience = audience,
                .now = clock_wall_s(),
                .leeway = call->settings->leeway_s,
        };
        enum verdict verdict = VERDICT_INVALID;
        int r;

        *ret_refusal = REFUSAL_TOKEN;
        r = bearer_load_keys(authority);
        if (r < 0)
                return r;
        r = token_verify(authority->keyset, &authority->revocations, token, &expect, &verdict,
                         ret_claims);
        if (r == 0 && verdict == VERDICT_VALID)
                *ret_refusal = REFUSAL_NONE;
        return r;
}

static int bearer_verify(struct call *call, struct text token, struct claims *ret_claims,
                         struct user **ret_user, enum refusal *ret_refusal) {
        int r;

        r = bearer_read(call, token, call->settings->issuer, ret_claims, ret_refusal);
        if (r < 0 || *ret_refusal)
                return r;
        *ret_refusal = REFUSAL_TOKEN;
        r = bearer_find_user(call, ret_claims, ret_user);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (user_is_active(*ret_user, clock_wall_s()))
                *ret_refusal = REFUSAL_NONE;
        return 0;
}

int bearer_check(struct call *call, struct text token, enum refusal *ret_refusal) {
        struct claims claims;

        return bearer_check_claims(call, token, &claims, ret_refusal);
}

int bearer_check_claims(struct call *call, struct text token, struct claims *ret_claims,
                        enum refusal *ret_refusal) {
        return bearer_verify(call, token, ret_claims, &call->user, ret_refusal);
}

/* The role is the database's, not the token's: who has lost it administers no more. */
static enum refusal admin_judge(const struct user *user, const struct claims *claims) {
        if (!text_list_has(text_of(user->roles), TEXT(ADMIN_ROLE)))
                return REFUSAL_ADMIN_ROLE;
        if (!text_list_has(text_of(claims->scope), TEXT(ADMIN_SCOPE)))
                return REFUSAL_ADMIN_SCOPE;
        if (!text_list_has(text_of(claims->amr), TEXT("pwd")))
                return REFUSAL_ADMIN_AMR;
        return REFUSAL_NONE;
}

int bearer_check_admin(struct call *call, struct text token, enum refusal *ret_refusal) {
        struct claims claims;
        int r;

        r = bearer_verify(call, token, &claims, &call->admin, ret_refusal);
        if (r == 0 && *ret_refusal == REFUSAL_NONE)
                *ret_refusal = admin_judge(call->admin, &claims);
        return r;
}
