/* Requests that the library does not have: what an admin asks, and what a bearer asks of himself.
 */
#ifndef JETON_CLI_ASK_H
#define JETON_CLI_ASK_H

#include "../../common/secret.h"
#include "../request.h"
#include "command.h"

/* As the process that the kernel names (`Authorization: Peer`). `body` may be NULL. 0, or -errno
 * having said why. */
int ask_as_peer(struct cli *cli, const char *method, const char *path, const json_t *body,
                struct answer *ret);

/* With a token. 0, or -errno having said why. */
int ask_as_bearer(struct cli *cli, const char *path, const struct secret *token,
                  struct answer *ret);

/* The same with another method and, unless it is NULL, a body. */
int tell_as_bearer(struct cli *cli, const char *method, const char *path, const json_t *body,
                   const struct secret *token, struct answer *ret);

/* With nothing but the body. 0, or -errno having said why. */
int tell_anonymously(struct cli *cli, const char *method, const char *path, const json_t *body,
                     struct answer *ret);

/* With nothing. 0, or -errno having said why. */
int ask_anonymously(struct cli *cli, const char *path, struct answer *ret);

/* Says why the daemon refused, and what helps; with --json also its own words. */
enum status refused(struct cli *cli, const struct answer *answer);

/* "/COLLECTION/", a name, encoded, and `rest`; to be freed. NULL: no memory. */
char *item_path(const char *collection, const char *name, const char *rest);

/* "/users/" and a name, encoded; to be freed. NULL: no memory. */
char *user_path(const char *name);

#endif
