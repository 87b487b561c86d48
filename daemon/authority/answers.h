/* The calls the authority answers, one file each. frontends.c has the table. Each is the list of
 * its steps; 0, or -errno when it could not be answered (the inbox then says 500 or 503). */
#ifndef JETON_AUTHORITY_ANSWERS_H
#define JETON_AUTHORITY_ANSWERS_H

#include "call.h"

int answer_password_grant(struct call *call, const union message *ask); /* grant_password.c */
int answer_refresh_grant(struct call *call, const union message *ask);  /* grant_refresh.c */
int answer_revoke(struct call *call, const union message *ask);         /* revoke.c */
int answer_revocation(struct call *call, const union message *ask);
int answer_sessions(struct call *call, const union message *ask); /* session_list.c */
int answer_session_end(struct call *call, const union message *ask);
int answer_me(struct call *call, const union message *ask); /* users.c */
int answer_user_show(struct call *call, const union message *ask);
int answer_user_list(struct call *call, const union message *ask);
int answer_user_add(struct call *call, const union message *ask);        /* user_add.c */
int answer_user_import(struct call *call, const union message *ask);     /* user_import.c */
int answer_user_change(struct call *call, const union message *ask);     /* user_change.c */
int answer_user_remove(struct call *call, const union message *ask);     /* user_remove.c */
int answer_user_unlock(struct call *call, const union message *ask);     /* user_unlock.c */
int answer_profile_change(struct call *call, const union message *ask);  /* profile.c */
int answer_password_change(struct call *call, const union message *ask); /* own_password.c */
int answer_pam(struct call *call, const union message *ask);             /* pam.c */
int answer_login_code(struct call *call, const union message *ask);      /* login_code.c */
int answer_health(struct call *call, const union message *ask);          /* health.c */
int answer_key_list(struct call *call, const union message *ask);        /* keys.c */
int answer_key_rotate(struct call *call, const union message *ask);
int answer_key_drop(struct call *call, const union message *ask);
int answer_token_check(struct call *call, const union message *ask);
int answer_metrics(struct call *call, const union message *ask); /* metrics.c */

int answer_peer_grant(struct call *call, const union message *ask);   /* grant_peer.c */
int answer_client_grant(struct call *call, const union message *ask); /* grant_client.c */
int answer_client_check(struct call *call, const union message *ask);
int answer_exchange(struct call *call, const union message *ask);      /* exchange.c */
int answer_outside_grant(struct call *call, const union message *ask); /* grant_outside.c */
int answer_link_list(struct call *call, const union message *ask);     /* user_links.c */
int answer_link_add(struct call *call, const union message *ask);
int answer_link_remove(struct call *call, const union message *ask);
int answer_client_add(struct call *call, const union message *ask);  /* client_add.c */
int answer_client_list(struct call *call, const union message *ask); /* clients.c */
int answer_client_show(struct call *call, const union message *ask);
int answer_client_delete(struct call *call, const union message *ask);
int answer_client_change(struct call *call, const union message *ask); /* client_change.c */
int answer_client_secret(struct call *call, const union message *ask);
int answer_policy_test(struct call *call, const union message *ask); /* policy_test.c */

/* Answers with one user. */
int answer_with_user(struct call *call, const struct user *user);

#endif
