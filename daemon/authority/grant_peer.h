/* A token by the kernel's word, once it is decided. */
#ifndef JETON_AUTHORITY_GRANT_PEER_H
#define JETON_AUTHORITY_GRANT_PEER_H

#include "decision.h"
#include "issue.h"

/* Has it made and answers with it; `began` as in issue.h. 0 or -errno. */
int peer_issue(struct call *call, const struct issue_kind *kind, const struct decision *decision,
               int64_t began);

#endif
