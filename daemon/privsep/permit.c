/* Who may say what to whom, when. What has no row is a breach of the rules, whatever it says.
 *
 * daemon/README.md shows the same rows in the same order; a test compares them. */
#include "permit.h"

#include "../../common/cleanup.h"

#define SETUP   PHASE_SETUP
#define RUNNING PHASE_RUNNING
#define ALWAYS  (PHASE_SETUP | PHASE_RUNNING)

#define PARENT    PROCESS_PARENT
#define FRONTEND  PROCESS_FRONTEND
#define AUTHORITY PROCESS_AUTHORITY
#define SIGNER    PROCESS_SIGNER
#define WORKER    PROCESS_WORKER
#define NAMES     PROCESS_NAMES
#define UNITS     PROCESS_UNITS
#define PAM       PROCESS_PAM
#define ISSUER    PROCESS_ISSUER

/* clang-format off */
static const struct permit rows[] = {
        /* Settings; again in a reload. */
        {MSG_SETUP_FRONTEND,     PARENT,    FRONTEND,  ALWAYS,  false},
        {MSG_SETUP_AUTHORITY,    PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_ADMIN,        PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_AUDIENCE,     PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_SCOPE,        PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_IDENTITY,      PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_MEMBER,        PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_SOURCE,       PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_SIGNER,       PARENT,    SIGNER,    ALWAYS,  false},
        {MSG_SETUP_PAM,          PARENT,    PAM,       SETUP,   false},
        {MSG_SETUP_ISSUER,       PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_SETUP_ISSUER,       PARENT,    ISSUER,    ALWAYS,  false},

        /* Descriptors only travel down. A running authority is given the channels of peers that
         * were started anew, a running worker the rules for new passwords, a running issuer the
         * folders of the keys. */
        {MSG_DESCRIPTOR,         PARENT,    FRONTEND,  SETUP,   true},
        {MSG_DESCRIPTOR,         PARENT,    AUTHORITY, ALWAYS,  true},
        {MSG_DESCRIPTOR,         PARENT,    SIGNER,    SETUP,   true},
        {MSG_DESCRIPTOR,         PARENT,    WORKER,    ALWAYS,  true},
        {MSG_DESCRIPTOR,         PARENT,    NAMES,     SETUP,   true},
        {MSG_DESCRIPTOR,         PARENT,    UNITS,     SETUP,   true},
        {MSG_DESCRIPTOR,         PARENT,    PAM,       SETUP,   true},
        {MSG_DESCRIPTOR,         PARENT,    ISSUER,    ALWAYS,  true},

        {MSG_GO,                 PARENT,    FRONTEND,  ALWAYS,  false},
        {MSG_GO,                 PARENT,    AUTHORITY, ALWAYS,  false},
        {MSG_GO,                 PARENT,    SIGNER,    ALWAYS,  false},
        {MSG_GO,                 PARENT,    WORKER,    SETUP,   false},
        {MSG_GO,                 PARENT,    NAMES,     SETUP,   false},
        {MSG_GO,                 PARENT,    UNITS,     SETUP,   false},
        {MSG_GO,                 PARENT,    PAM,       SETUP,   false},
        {MSG_GO,                 PARENT,    ISSUER,    ALWAYS,  false},
        {MSG_DRAIN,              PARENT,    FRONTEND,  RUNNING, false},
        {MSG_DRAIN,              PARENT,    AUTHORITY, RUNNING, false},

        /* The parent hears next to nothing. */
        {MSG_READY,              FRONTEND,  PARENT,    SETUP,   false},
        {MSG_READY,              AUTHORITY, PARENT,    SETUP,   false},
        {MSG_READY,              SIGNER,    PARENT,    SETUP,   false},
        {MSG_READY,              WORKER,    PARENT,    SETUP,   false},
        {MSG_READY,              NAMES,     PARENT,    SETUP,   false},
        {MSG_READY,              UNITS,     PARENT,    SETUP,   false},
        {MSG_READY,              PAM,       PARENT,    SETUP,   false},
        {MSG_READY,              ISSUER,    PARENT,    SETUP,   false},
        {MSG_BREACH,             AUTHORITY, PARENT,    RUNNING, false},
        {MSG_RETIRE,             AUTHORITY, PARENT,    RUNNING, false},
        {MSG_PAM_START,          AUTHORITY, PARENT,    RUNNING, false},
        {MSG_PAM_STATE,          PARENT,    AUTHORITY, RUNNING, false},

        /* The accepted socket goes down, what was read from it comes up as questions. */
        {MSG_CONNECTION,         AUTHORITY, FRONTEND,  RUNNING, true},
        {MSG_CONNECTION_CLOSED,  FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_CALLER,             FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_PASSWORD_GRANT, FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_REFRESH_GRANT,  FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_REVOKE,         FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_REVOCATION,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_SESSIONS,       FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_SESSION_END,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_ME,             FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_ADD,       FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_IMPORT,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_LIST,      FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_SHOW,      FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_CHANGE,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_REMOVE,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_USER_UNLOCK,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_PROFILE_CHANGE, FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_PASSWORD_CHANGE, FRONTEND, AUTHORITY, RUNNING, false},
        {MSG_ASK_PEER_GRANT,      FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_GRANT,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_EXCHANGE,        FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_OUTSIDE_GRANT,   FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_LINK_LIST,       FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_LINK_ADD,        FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_LINK_REMOVE,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_CHECK,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_ADD,      FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_LIST,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_SHOW,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_CHANGE,   FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_SECRET,   FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_CLIENT_DELETE,   FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_POLICY_TEST,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_PAM,            FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_LOGIN_CODE,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_HEALTH,         FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_KEY_LIST,       FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_KEY_ROTATE,     FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_KEY_DROP,       FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_TOKEN_CHECK,    FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ASK_METRICS,        FRONTEND,  AUTHORITY, RUNNING, false},
        {MSG_ANSWER_REFUSED,     AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_TOKEN,       AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_SESSION,     AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_SESSIONS_END, AUTHORITY, FRONTEND, RUNNING, false},
        {MSG_ANSWER_USER,        AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_USERS_END,   AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_IMPORTED,    AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_CLIENT,       AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_CLIENTS_END,  AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_LINK,         AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_LINKS_END,    AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_POLICY,       AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_TICKET,      AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_LOGIN_CODE,  AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_HEALTH,      AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_DONE,        AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_CLIENT_CHECK, AUTHORITY, FRONTEND, RUNNING, false},
        {MSG_ANSWER_KEY,         AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_KEYS_END,    AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_TOKEN_CHECK, AUTHORITY, FRONTEND,  RUNNING, false},
        {MSG_ANSWER_COUNTS,      AUTHORITY, FRONTEND,  RUNNING, false},

        /* Nobody else makes the signer sign, and no message carries a key. */
        {MSG_SIGN_ACCESS,        AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_SIGN_TICKET,        AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_SIGNED,             SIGNER,    AUTHORITY, RUNNING, false},
        {MSG_NOT_SIGNED,         SIGNER,    AUTHORITY, RUNNING, false},
        {MSG_KEYS_LIST,          AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_KEY_ROTATE,         AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_KEY_DROP,           AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_KEY,                SIGNER,    AUTHORITY, RUNNING, false},
        {MSG_KEYS_END,           SIGNER,    AUTHORITY, RUNNING, false},
        {MSG_KEY_CHANGED,        SIGNER,    AUTHORITY, RUNNING, false},
        {MSG_CHECK_MAC,          AUTHORITY, SIGNER,    RUNNING, false},
        {MSG_MAC_CHECKED,        SIGNER,    AUTHORITY, RUNNING, false},

        {MSG_HASH,               AUTHORITY, WORKER,    RUNNING, false},
        {MSG_HASHED,             WORKER,    AUTHORITY, RUNNING, false},

        /* One question to each, which runs as root. */
        {MSG_CHECK_PAM,          AUTHORITY, PAM,       RUNNING, false},
        {MSG_PAM_CHECKED,        PAM,       AUTHORITY, RUNNING, false},

        {MSG_FIND_ACCOUNT,       AUTHORITY, NAMES,     RUNNING, false},
        {MSG_FIND_UID,           AUTHORITY, NAMES,     RUNNING, false},
        {MSG_ACCOUNT,            NAMES,     AUTHORITY, RUNNING, false},

        {MSG_FIND_PROCESS,       AUTHORITY, UNITS,     RUNNING, false},
        {MSG_FIND_UNIT,          AUTHORITY, UNITS,     RUNNING, false},
        {MSG_PROCESS,            UNITS,     AUTHORITY, RUNNING, false},
        {MSG_UNIT,               UNITS,     AUTHORITY, RUNNING, false},

        {MSG_CHECK_OUTSIDE,      AUTHORITY, ISSUER,    RUNNING, false},
        {MSG_OUTSIDE_CHECKED,    ISSUER,    AUTHORITY, RUNNING, false},
};
/* clang-format on */

const struct permit *permit_find(enum message_type type, enum process from, enum process to,
                                 enum phase phase) {
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (rows[i].type == type && rows[i].from == from && rows[i].to == to)
                        return (rows[i].phases & phase) ? &rows[i] : NULL;
        return NULL;
}

const struct permit *permit_rows(size_t *ret_count) {
        *ret_count = ELEMENTS(rows);
        return rows;
}

const char *process_name(enum process process) {
        static const char *const names[] = {
                [PROCESS_NONE] = "nobody",       [PROCESS_PARENT] = "parent",
                [PROCESS_FRONTEND] = "frontend", [PROCESS_AUTHORITY] = "authority",
                [PROCESS_SIGNER] = "signer",     [PROCESS_WORKER] = "worker",
                [PROCESS_NAMES] = "names",       [PROCESS_UNITS] = "units",
                [PROCESS_PAM] = "pam",           [PROCESS_ISSUER] = "issuer",
        };

        return (unsigned)process < ELEMENTS(names) ? names[process] : "unknown";
}
