/* What a process of this host is given by the kernel's word, and why: decided once, for the grant
 * and for `jeton policy test`. */
#ifndef JETON_AUTHORITY_DECISION_H
#define JETON_AUTHORITY_DECISION_H

#include "call.h"
#include "identity.h"

struct asked {
        struct text client_id, audience, scope;
};

struct decision {
        enum refusal refusal;             /* what the caller is told */
        char reason[REASON_MAX + 1];      /* what the administrator is told; ASCII, no control */
        const struct identity_rule *rule; /* borrowed from the settings; NULL: none matched */
        const struct audience_rule *audience; /* likewise */
        struct user *user; /* whom the account is linked to; owned; may be NULL */
        char sub[SUB_MAX + 1];
        char scope[SCOPE_MAX + 1];
        char roles[ROLES_MAX + 1];
        uint32_t lifetime_s;
};

/* 0 with a decision, which may be to refuse; -errno of the store. */
int decision_make(const struct call *call, const struct peer *peer, const struct asked *asked,
                  struct decision *ret);

/* What that rule gives to the unit that it names, in the same way: nobody's uid is looked at. */
void decision_make_of_unit(const struct call *call, const struct identity_rule *rule,
                           const struct asked *asked, struct decision *ret);

void decision_clear(struct decision *decision);

#endif
