/* What the requests of administrators about clients share: what is to be written of one waits here
 * for its commit. */
#ifndef JETON_AUTHORITY_CLIENT_ADMIN_H
#define JETON_AUTHORITY_CLIENT_ADMIN_H

#include "call.h"
#include "client_auth.h"

struct client_work {
        char id[CLIENT_MAX + 1];
        unsigned members; /* enum client_member; of the others nothing is written */
        char name[FULL_NAME_MAX + 1];
        char audiences[AUDIENCES_MAX + 1];
        char scopes[SCOPE_MAX + 1];
        bool enabled;
        char secret[CLIENT_SECRET_LEN + 1]; /* a new one; "": none */
        uint8_t digest[CLIENT_DIGEST_LEN];
        struct client *client; /* owned: as it stands when that is written */
        enum refusal refusal;  /* why it was not */
};

/* May the caller administer, and can a client have that id? 0 or -errno. */
int client_admin_check(struct call *call, uint8_t credential, struct text bearer, struct text id,
                       enum refusal *ret_refusal);

/* An empty one about that client, as the call's step. 0 or -errno. */
int client_work_new(struct call *call, struct text id, struct client_work **ret);

/* A new secret for it. 0 or -errno. */
int client_work_draw(struct client_work *work);

/* What the row is to be after it. */
void client_work_apply(const struct client_work *work, struct client_row *row);

/* Whether what is named may be so: the grammar of a name, audiences and scopes that are declared.
 */
enum refusal client_work_check(const struct settings *settings, const struct client_work *work,
                               const struct client_row *row);

/* For -errno of the write: refuses, or fails. */
int client_work_failed(struct call *call, int error);

/* Revokes what the client was issued until now. 0 or -errno. */
int client_revoke(struct call *call, struct transaction *transaction);

/* What the store has of a client. Its texts are lent by it. */
struct client_row client_row(const struct client *client);

/* Its members in a message, lent by the client. */
struct msg_answer_client client_message(const struct client *client);

#endif
