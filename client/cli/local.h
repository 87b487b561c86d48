/* What the public pages beside the socket tell, without a word to the daemon. */
#ifndef JETON_CLI_LOCAL_H
#define JETON_CLI_LOCAL_H

#include "../../common/jwt/pages.h"
#include "../place.h"

/* Whether a user is linked to `uid`. 0 or -errno of the pages. */
int local_is_linked(const struct place *place, uid_t uid, bool *ret);

/* The published keys. 0 or -errno of the pages. */
int local_keys(const struct place *place, struct keys_table *ret);

#endif
