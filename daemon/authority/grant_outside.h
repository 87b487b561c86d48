/* A login with an ID token of an outside issuer. */
#ifndef JETON_AUTHORITY_GRANT_OUTSIDE_H
#define JETON_AUTHORITY_GRANT_OUTSIDE_H

#include "call.h"

#define OUTSIDE_DETAIL_MAX (ISSUER_MAX + 16)

/* " issuer=..." for the audit line, or nothing; lent by the call. */
const char *outside_detail(const struct call *call);

#endif
