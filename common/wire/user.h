/* Which members of a user a change names: what frontends ask, the authority decides and the store
 * writes. */
#ifndef JETON_WIRE_USER_H
#define JETON_WIRE_USER_H

enum user_member {
        USER_FULL_NAME = 1 << 0,
        USER_EMAIL = 1 << 1,
        USER_ROLES = 1 << 2,
        USER_DISABLED = 1 << 3,
        USER_EXPIRY = 1 << 4,
        USER_UID = 1 << 5,
        USER_PASSWORD = 1 << 6,
        USER_MUST_CHANGE = 1 << 7, /* whether the password must be changed at the next login */
};

/* What PUT replaces: everything but the password, and what becomes of it. */
#define USER_PROFILE \
        (USER_FULL_NAME | USER_EMAIL | USER_ROLES | USER_DISABLED | USER_EXPIRY | USER_UID)
#define USER_MEMBERS (USER_PROFILE | USER_PASSWORD | USER_MUST_CHANGE)

/* What has become of a row of an import. */
enum import_outcome {
        IMPORT_REFUSED = 0,
        IMPORT_DONE,
        IMPORT_FINE,   /* in a dry run: it would be done */
        IMPORT_EXISTS, /* there is a user of that name: he stays as he is */
        IMPORT_OUTCOME_COUNT,
};

#endif
