/* May this call administer? Either the kernel names its uid and the configuration makes that one an
 * administrator, or its bearer is one. */
#ifndef JETON_AUTHORITY_ADMIN_H
#define JETON_AUTHORITY_ADMIN_H

#include "call.h"

/* `credential` and `bearer` as the caller presented them. *ret_refusal is REFUSAL_NONE when it may;
 * then call->admin is the user who asks, or NULL where it is a peer. 0 or -errno. */
int admin_check(struct call *call, uint8_t credential, struct text bearer,
                enum refusal *ret_refusal);

/* The same question before the commit, in a call that has waited for others since: who has lost the
 * right meanwhile commits nothing. A call that was allowed without a token stays allowed. */
int admin_check_again(struct call *call, enum refusal *ret_refusal);

/* What a bearer has just written must leave somebody who may administer by a bearer: two who take
 * the role from one another would leave none. A peer may. 0 or -errno; -ECANCELED: nobody is left.
 */
int admin_check_left(const struct call *call, struct transaction *transaction);

/* The same as admin_check(), and finds the user that the call is about, by id or name: into
 * call->user. */
int admin_find_user(struct call *call, uint8_t credential, struct text bearer, struct text user,
                    enum refusal *ret_refusal);

#endif
