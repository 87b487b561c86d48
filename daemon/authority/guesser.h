/* Whose password is tried, and who tries it: the pair that the throttle counts. */
#ifndef JETON_AUTHORITY_GUESSER_H
#define JETON_AUTHORITY_GUESSER_H

#include "call.h"

/* A login as call->user, or where there is none as `name`: by the peer's uid, on web.sock by
 * `remote`, which the proxy named. 0 or -errno. */
int guesser_of_login(const struct call *call, struct text name, struct throttle_key *ret);

/* A system login to the account ask->uid. A program of root's or of an administrator's, or one with
 * the act-for right, that says so guesses for somebody else: it is the remote host, by that
 * service, who does. 0 or -errno. */
int guesser_of_pam(const struct call *call, const struct msg_ask_pam *ask,
                   struct throttle_key *ret);

/* How the throttle names a user of the database. */
void guesser_user(const struct user *user, char ret[THROTTLE_USER_MAX + 1]);

#endif
