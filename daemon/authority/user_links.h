/* Links of users to subjects of outside issuers, as the audit tells of them. */
#ifndef JETON_AUTHORITY_USER_LINKS_H
#define JETON_AUTHORITY_USER_LINKS_H

#include "call.h"
#include "store/outside_links.h"

/* One line beside the call's own: a link of call->user is made, or gone. */
void audit_link(const struct call *call, const char *event, const struct outside_link *link);

#endif
