/* May this call administer, and whom is it about? */
#include "admin.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "bearer.h"
#include "policy.h"

int admin_check(struct call *call, uint8_t credential, struct text bearer,
                enum refusal *ret_refusal) {
        int r;

        if (credential != CREDENTIAL_BEARER) {
                *ret_refusal = policy_admin(call, credential);
                return 0;
        }
        r = bearer_check_admin(call, bearer, ret_refusal);
        if (r < 0 || *ret_refusal)
                return r;
        return secret_new(bearer.p, bearer.len, &call->admin_token);
}

int admin_check_again(struct call *call, enum refusal *ret_refusal) {
        *ret_refusal = REFUSAL_NONE;
        if (!call->admin_token)
                return 0;
        user_free(take(call->admin));
        return bearer_check_admin(call, secret_text(call->admin_token), ret_refusal);
}

int admin_check_left(const struct call *call, struct transaction *transaction) {
        bool is_left = true;
        int r = 0;

        if (call->admin)
                r = users_have_role(transaction_store(transaction), TEXT(ADMIN_ROLE),
                                    clock_wall_s(), &is_left);
        return r == 0 && !is_left ? -ECANCELED : r;
}

int admin_find_user(struct call *call, uint8_t credential, struct text bearer, struct text user,
                    enum refusal *ret_refusal) {
        int r;

        r = admin_check(call, credential, bearer, ret_refusal);
        if (r < 0 || *ret_refusal)
                return r;
        r = users_find(call->authority->store, user, &call->user);
        if (r == -ENOENT)
                *ret_refusal = REFUSAL_NO_USER;
        return r == -ENOENT ? 0 : r;
}
