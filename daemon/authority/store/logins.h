/* The sessions of system logins whose token is in a file: what a restart needs to go on with them.
 *
 * A change is part of a transaction. Errors as in store.h. */
#ifndef JETON_STORE_LOGINS_H
#define JETON_STORE_LOGINS_H

#include "../../../common/jwt/claims.h"
#include "transaction.h"

#define BOOT_ID_LEN 36 /* a UUID */

struct login_row {
        char sid[SID_LEN + 1];
        uint64_t user_id;
        uint32_t uid;
        /* The process that opened the session: its pid may be another's later, the three together
         * are its alone. */
        char boot[BOOT_ID_LEN + 1];
        int32_t pid;
        uint64_t process; /* the inode of its pidfd */
        char audience[AUDIENCE_MAX + 1];
        char scope[SCOPE_MAX + 1]; /* what was granted: no renewal goes beyond */
        char amr[AMR_MAX + 1];
        int64_t auth_time; /* 0: nobody knows */
        int64_t began_at;  /* of the login, where that is known, otherwise of the session */
};

int logins_add(struct transaction *transaction, const struct login_row *row);

/* None of that sid is fine. */
int logins_remove(struct transaction *transaction, struct text sid);

/* Gives each to each(), which must not change the table; ends with what it returns but 0. */
int logins_list(struct store *store, int (*each)(void *context, const struct login_row *row),
                void *context);

#endif
