/* May this call administer? */
#include "admin.h"

#include "bearer.h"
#include "policy.h"

int admin_check(struct call *call, uint8_t credential, struct text bearer,
                enum refusal *ret_refusal) {
        if (credential == CREDENTIAL_BEARER)
                return bearer_check_admin(call, bearer, ret_refusal);
        *ret_refusal = policy_admin(call, credential);
        return 0;
}
