/* The most that one subject may have tokens for: a person by his roles, a service and a client by
 * the lists of its rule, an account of this host by both. The one place where a grant and an
 * exchange ask. */
#ifndef JETON_AUTHORITY_ENTITLEMENT_H
#define JETON_AUTHORITY_ENTITLEMENT_H

#include "call.h"
#include "identity.h"
#include "store/clients.h"

/* How a login is called that an outside issuer has proved: no name of RFC 8176, which has none for
 * it, but what other servers of this kind write. */
#define METHOD_OUTSIDE "fed"

/* All texts are lent by what it was made from. */
struct entitlement {
        bool by_roles;     /* audiences and scopes that are open to these roles only */
        struct text roles; /* those that a token may carry, too */
        bool is_guest;     /* never the scope of administrators */
        bool by_lists;     /* those that are named here only */
        struct text audiences, scopes;
        uint32_t lifetime_s; /* 0: the audience's */
};

/* What the configuration opens to whoever has these roles. */
struct entitlement entitlement_of_person(struct text roles);

/* The same for whom an outside issuer has proved: all but the scope of administrators. */
struct entitlement entitlement_of_guest(struct text roles);

/* What an identity block lists. */
struct entitlement entitlement_of_service(const struct identity_rule *rule);

/* What self lists, as far as these roles allow it: those of self that the account's user has; an
 * account that is linked to no user has none. */
struct entitlement entitlement_of_account(const struct identity_rule *self, struct text roles);

struct entitlement entitlement_of_client(const struct client *client);

/* Whether tokens for that audience may be had. */
bool entitlement_has(const struct entitlement *entitlement, const struct audience_rule *audience);

/* The scope to grant there: what was asked, whole, or all that may be had. REFUSAL_NONE or
 * REFUSAL_SCOPE; nothing asked is ever dropped in silence. */
enum refusal entitlement_scope(const struct entitlement *entitlement,
                               const struct audience_rule *audience, struct text asked,
                               char ret[SCOPE_MAX + 1]);

/* The words of `list` that are also in `bound`; they fit wherever `list` does,
 * `ret` may be its own place. */
void list_intersect(struct text list, struct text bound, char *ret);

uint32_t entitlement_lifetime(const struct entitlement *entitlement,
                              const struct audience_rule *audience);

#endif
