/* The frontends' other end: what they may ask is a table, and for whom they ask is looked up here.
 */
#ifndef JETON_AUTHORITY_FRONTENDS_H
#define JETON_AUTHORITY_FRONTENDS_H

#include "authority.h"

/* The parent brings a frontend, new or in place of an old one. Takes over `fd`. Connections that
 * waited for it are handed over. 0 or -errno. */
int frontends_join(struct authority *authority, uint32_t class, int fd);

/* Hands an accepted connection to its frontend, or keeps it until there is one. 0; -errno: it could
 * not, and the connection is closed. */
int frontends_hand_over(struct authority *authority, struct connection *connection);

/* Whether one is left. */
bool frontends_any_up(const struct authority *authority);

#endif
