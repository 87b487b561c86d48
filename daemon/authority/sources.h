/* The places that know passwords, asked one after the other until one says yes. */
#ifndef JETON_AUTHORITY_SOURCES_H
#define JETON_AUTHORITY_SOURCES_H

#include "call.h"

/* Judges `password` for `username`, whom call->user is in the database (NULL: nobody), by the
 * sources of the settings in their order, unless the pair that `key` names has to wait. At
 * PASSWORD_RIGHT call->user is who was proved: where PAM was asked, the user who is linked to that
 * account. 0 or -errno. */
int sources_ask(struct call *call, const struct throttle_key *key, struct text username,
                struct text password, call_judged *then);

/* At PASSWORD_RIGHT of sources_ask(): whether it is the password of the database's hash. */
bool source_is_database(const struct call *call);

/* " source=..." for the audit line, or nothing; lent by the call. */
const char *source_detail(const struct call *call);

/* NULL is fine. */
void source_walk_free(struct source_walk *walk);

#endif
