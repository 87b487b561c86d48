/* A user as replies show him: one place for the members of GET /users/me and of all of /users. */
#ifndef JETON_FRONTEND_USER_H
#define JETON_FRONTEND_USER_H

#include "../privsep/message.h"
#include "json.h"

/* An object of its own: the caller clears it. */
void user_to_json(const struct msg_answer_user *user, struct json *ret);

#endif
