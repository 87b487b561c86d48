/* Who presents this access token? Answered from the keys page and the database, never on a
 * frontend's word. */
#ifndef JETON_AUTHORITY_BEARER_H
#define JETON_AUTHORITY_BEARER_H

#include "call.h"

/* Whether the token is one of ours and good now, for that audience (NULL: any), and what it says;
 * who it is about is not looked at. 0 or -errno. */
int bearer_read(struct call *call, struct text token, const char *audience,
                struct claims *ret_claims, enum refusal *ret_refusal);

/* The user whom a token is about. -ENOENT: it is about no person, or he is gone. */
int bearer_find_user(const struct call *call, const struct claims *claims, struct user **ret);

/* Checks the token and loads its user into call->user. *ret_refusal is REFUSAL_NONE when it is good
 * for jeton itself. 0 or -errno. */
int bearer_check(struct call *call, struct text token, enum refusal *ret_refusal);

/* The same for an administrator, who is loaded into call->admin: the role `admin` as the database
 * has it now, and a token with the scope jeton:admin from a login with a password. */
int bearer_check_admin(struct call *call, struct text token, enum refusal *ret_refusal);

/* The same, and gives the token's claims. */
int bearer_check_claims(struct call *call, struct text token, struct claims *ret_claims,
                        enum refusal *ret_refusal);

/* Loads the keys page into authority->keyset, anew when the signer has published since. 0 or
 * -errno. */
int bearer_load_keys(struct authority *authority);

#endif
