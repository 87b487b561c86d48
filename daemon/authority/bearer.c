/* Access tokens presented to jeton itself. */
#include "bearer.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/verify.h"

int bearer_load_keys(struct authority *authority) {
        _cleanup_(freep) struct keys_table *table = NULL;
        struct keyset *keyset = NULL;
        uint32_t current;
        int r;

        r = page_current(authority->keys_page_fd, PAGE_KEYS, &current);
        if (r < 0)
                return r;
        if (authority->keyset && current == authority->keys_page_current)
                return 0;
        table = malloc(sizeof *table);
        if (!table)
                return -ENOMEM;
        r = keys_page_read(authority->keys_page_fd, table);
        if (r == 0)
                r = keyset_load(table, &keyset);
        if (r < 0)
                return r;
        keyset_free(authority->keyset);
        authority->keyset = keyset;
        authority->keys_page_current = current;
        return 0;
}

static int user_of_token(struct call *call, const struct claims *claims) {
        unsigned long long id;
        int r;

        /* Only a person's subject is a bare number. */
        r = text_number(text_of(claims->sub), INT64_MAX, &id);
        if (r < 0)
                return -ENOENT;
        return users_find_id(call->authority->store, id, &call->user);
}

int bearer_check(struct call *call, struct text token, enum refusal *ret_refusal) {
        struct authority *authority = call->authority;
        struct expectation expect = {
                .audience = call->settings->issuer,
                .now = clock_wall_s(),
                .leeway = call->settings->leeway_s,
        };
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        *ret_refusal = REFUSAL_TOKEN;
        r = bearer_load_keys(authority);
        if (r < 0)
                return r;
        r = token_verify(authority->keyset, token, &expect, &verdict, &claims);
        if (r < 0 || verdict != VERDICT_VALID)
                return r;
        r = user_of_token(call, &claims);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (!call->user->disabled)
                *ret_refusal = REFUSAL_NONE;
        return 0;
}
