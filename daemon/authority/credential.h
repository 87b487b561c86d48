/* credentials.sock: systemd fetches a unit's first token (LoadCredential= of systemd.exec(5)). It
 * says nothing on the connection; the unit and the credential's name are in the address that it has
 * bound. It is given the token and the end, or the end alone. */
#ifndef JETON_AUTHORITY_CREDENTIAL_H
#define JETON_AUTHORITY_CREDENTIAL_H

#include "connection.h"

struct authority;

#define CREDENTIAL_EVENT "unit-credential" /* of its audit lines */

/* Takes over a connection of uid 0 that was accepted there. 0; -errno: it is closed. */
int credential_begin(struct authority *authority, struct connection *connection);

#endif
