/* The address that systemd binds when it fetches a credential. Any process can bind one like it. */
#ifndef JETON_AUTHORITY_CREDENTIAL_ADDRESS_H
#define JETON_AUTHORITY_CREDENTIAL_ADDRESS_H

#include "../../common/text.h"

/* systemd.exec(5): a NUL, a random number, "/unit/", the unit, "/", the name of the credential, all
 * of them lent. 0 or -EINVAL. */
int credential_address_read(struct text address, struct text *ret_unit, struct text *ret_name);

#endif
