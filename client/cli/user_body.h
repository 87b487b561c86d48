/* The members of a request about a user, from the command line. Each says itself what is wrong.
 * 0 or -errno. */
#ifndef JETON_CLI_USER_BODY_H
#define JETON_CLI_USER_BODY_H

#include "arguments.h"

#include <jansson.h>

/* Nothing where `value` is NULL. `option` is what it is called when it is not UTF-8. */
int user_body_text(json_t *user, const char *member, const char *value, const char *option);

/* "roles", as --role and --admin have them; an empty --role is none. */
int user_body_roles(json_t *user, const struct arguments *arguments);

/* Asks for a new password. */
int user_body_password(json_t *user, const char *member, const struct arguments *arguments);

/* "password_hash", from --hash-stdin. */
int user_body_password_hash(json_t *user);

#endif
