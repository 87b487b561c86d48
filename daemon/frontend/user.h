/* A user as replies show him: one place for the members of GET /users/me and of all of /users. */
#ifndef JETON_FRONTEND_USER_H
#define JETON_FRONTEND_USER_H

#include "../privsep/message.h"
#include "json.h"

struct request;

/* Replies with the one user that came: a struct exchange's finish. 0 or -errno. */
int user_finish(struct request *request, const union message *answer);
int user_finish_for_admin(struct request *request, const union message *answer);

/* The id or the name in the request's path. What is longer than either is nobody's: 0, or -EBADMSG
 * for a 404. */
int user_read_key(struct request *request, struct text *ret);

/* An object of its own: the caller clears it. */
void user_to_json(const struct msg_answer_user *user, struct json *ret);

/* The same, and what only an admin who looks at one user is shown: until when some of his logins
 * must wait. */
void user_to_json_for_admin(const struct msg_answer_user *user, struct json *ret);

#endif
