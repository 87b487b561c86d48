/* Every way in which the authority says no, each with its status, RFC 6749 code and sentence. */
#ifndef JETON_AUTHORITY_REFUSAL_H
#define JETON_AUTHORITY_REFUSAL_H

#include "../privsep/message.h"

enum refusal {
        REFUSAL_NONE = 0,
        REFUSAL_CREDENTIALS, /* unknown, disabled, locked, wrong or empty: one answer */
        REFUSAL_MUST_CHANGE, /* told to who knows the password */
        REFUSAL_GRANT_ON_WEB,
        REFUSAL_CLIENT,
        REFUSAL_AUDIENCE,
        REFUSAL_AUDIENCE_MANY,
        REFUSAL_SCOPE,
        REFUSAL_TOKEN,
        REFUSAL_NOT_PEER, /* web.sock knows no peer */
        REFUSAL_NOT_ADMIN,
        REFUSAL_ADMIN_ROLE, /* of a bearer */
        REFUSAL_ADMIN_SCOPE,
        REFUSAL_ADMIN_AMR,
        REFUSAL_NO_CREDENTIALS,
        REFUSAL_NOT_YOURS, /* /pam/account about somebody else */
        REFUSAL_NOT_ROOT,  /* a session of a system login */
        REFUSAL_REFRESH,   /* unknown, expired, revoked, replayed: one answer */
        REFUSAL_NO_SESSION,
        REFUSAL_BEFORE,
        REFUSAL_BROKEN_ID,
        REFUSAL_NO_USER,
        REFUSAL_USER_NAME,
        REFUSAL_RESERVED_NAME,
        REFUSAL_ACCOUNT_NAME,
        REFUSAL_IMPORT_RESERVED,
        REFUSAL_IMPORT_ACCOUNT,
        REFUSAL_IMPORT_HASH,
        REFUSAL_NAME_TAKEN,
        REFUSAL_UID_TAKEN,
        REFUSAL_UID,
        REFUSAL_PASSWORD_SHORT, /* call_refuse_short() says how short */
        REFUSAL_PASSWORD_COMMON,
        REFUSAL_PASSWORD_NAME,
        REFUSAL_PASSWORD_SIMILAR,
        REFUSAL_PASSWORD_SIMPLE,
        REFUSAL_PASSWORD_LONG,
        REFUSAL_PASSWORD_HASH,
        REFUSAL_PASSWORD_COST,
        REFUSAL_FULL_NAME,
        REFUSAL_EMAIL,
        REFUSAL_ROLES,
        REFUSAL_ONESELF,
        REFUSAL_LAST_ADMIN,
        REFUSAL_REGISTRATION_CLOSED,
        REFUSAL_REGISTRATION_RIGHTS,
        REFUSAL_REGISTRATION_SHARE,
        REFUSAL_SERVICE,
        REFUSAL_NONCE,
        REFUSAL_OLD_LOGIN, /* RFC 9470: a login with a password, and a younger one */
        REFUSAL_CODE_SERVICE,
        REFUSAL_NOT_LINKED,
        REFUSAL_NO_KEY,
        REFUSAL_KEYS_FULL,
        REFUSAL_CLIENT_NEEDED, /* web.sock knows no peer to give a token to */
        REFUSAL_NO_RULE,       /* which one is missing stands in the log */
        REFUSAL_SEVERAL_RULES,
        REFUSAL_NO_CLIENT,
        REFUSAL_CLIENT_ID,
        REFUSAL_CLIENT_NAME,
        REFUSAL_CLIENT_TAKEN,
        REFUSAL_CLIENT_AUDIENCES,
        REFUSAL_CLIENT_SCOPES,
        REFUSAL_GROUPS,
        REFUSAL_SUBJECT_TOKEN,
        REFUSAL_OTHER_CLIENT,
        REFUSAL_OTHER_AUDIENCE,
        REFUSAL_EXCHANGE_ROLES,
        REFUSAL_OUTSIDE, /* whatever is wrong with it, or no account: one answer */
        REFUSAL_NO_ISSUERS,
        REFUSAL_NO_ISSUER,
        REFUSAL_OUTSIDE_SUBJECT,
        REFUSAL_LINK_TAKEN,
        REFUSAL_LINKS_FULL,
        REFUSAL_NO_LINK,
        REFUSAL_BROKEN, /* 500: the log has the reason */
        REFUSAL_BUSY,   /* 503: a process behind is away */
        REFUSAL_FULL,   /* 503: the disk is full or read-only */
        REFUSAL_COUNT,
};

/* The row. Never NULL; an unknown number is REFUSAL_BROKEN's. */
const struct msg_answer_refused *refusal_get(enum refusal refusal);

/* What a negative errno from below is to the caller. */
enum refusal refusal_of_errno(int error);

#endif
