/* Everything the processes say to each other, each message once: its struct, its fields and their
 * bounds (message.c), and who may say it to whom, when (permit.c).
 *
 * A frame is one datagram of a SOCK_SEQPACKET pair: two bytes of type, six of call number,
 * then the fields in order: numbers in little endian, texts as a length of four bytes and
 * their bytes. A decoder consumes every byte or fails. */
#ifndef JETON_PRIVSEP_MESSAGE_H
#define JETON_PRIVSEP_MESSAGE_H

#include "../../common/jwt/claims.h"
#include "../../common/jwt/pages.h"
#include "../../common/name.h"
#include "../../common/text.h"
#include "../../common/wire/login.h"
#include "../../common/wire/user.h"

#include <stdint.h>

/* Bounds of what no grammar in common/ bounds. */
#define AUDIENCES_MAX     2048 /* bytes of a space-separated list */
#define CLIENT_SECRET_MAX 128
#define GROUPS_TEXT_MAX   1024
#define REASON_MAX        1024

#define FRAME_HEADER 8
#define FRAME_MAX    16384 /* the largest that a message can make; permit.c is checked against it */

#define OUTSIDE_ISSUERS_MAX 16
#define JWKS_NAME_MAX       255         /* NAME_MAX */
#define JWKS_PATH_MAX       4095        /* PATH_MAX without its end */
#define JWKS_FILE_MAX       (64 * 1024) /* bytes */

/* Bytes of the rows of one ask-user-import. */
#define IMPORT_ROWS_SIZE 14000

#define REMOTE_MAX      45 /* an IPv6 address */
#define SOURCE_NAME_MAX (sizeof "pam:" - 1 + SERVICE_MAX)
#define DIRECTORY_MAX   255

#define COUNTS_PAGES_MAX 5    /* counts.h */
#define COUNTS_BYTES_MAX 4096 /* of the words in a frame */

/* Of system logins: the authority holds a descriptor for each. */
#define LOGIN_SESSIONS_MAX 16384

enum process {
        PROCESS_NONE = 0,
        PROCESS_PARENT,
        PROCESS_FRONTEND,
        PROCESS_AUTHORITY,
        PROCESS_SIGNER,
        PROCESS_WORKER,
        PROCESS_NAMES,
        PROCESS_UNITS,
        PROCESS_PAM,
        PROCESS_ISSUER,
        PROCESS_COUNT,
};

/* Which callers a frontend serves. A caller's class is settled by the authority from the kernel's
 * word before any byte is read. */
enum caller_class {
        CLASS_PRIVILEGED = 0, /* uid 0 and the uids that the configuration makes admin */
        CLASS_LOCAL,          /* everybody else on jeton.sock */
        CLASS_WEB,            /* web.sock: the peer is a proxy, its credentials mean nothing */
        CLASS_COUNT,
};

enum message_type {
        MSG_NONE = 0,

        /* parent to its children: set-up, in any order, closed by GO */
        MSG_SETUP_FRONTEND,
        MSG_SETUP_AUTHORITY,
        MSG_SETUP_ADMIN,    /* one for each admin uid */
        MSG_SETUP_AUDIENCE, /* one for each audience; its scopes follow it */
        MSG_SETUP_SCOPE,
        MSG_SETUP_IDENTITY, /* one for each identity block, and for self; its members follow it */
        MSG_SETUP_MEMBER,
        MSG_SETUP_SOURCE, /* one for each place that knows passwords, in the order to ask them */
        MSG_SETUP_SIGNER,
        MSG_SETUP_PAM,
        MSG_SETUP_ISSUER, /* one for each outside issuer; their order is their number, from 0 */
        MSG_DESCRIPTOR,   /* carries one descriptor */
        MSG_GO,           /* set-up, or a reload's new settings, are complete */
        MSG_DRAIN,        /* finish what is in flight, then exit */

        /* children to the parent */
        MSG_READY,
        MSG_BREACH,    /* authority: that process broke the rules or hangs, kill it */
        MSG_RETIRE,    /* authority: that worker has done its share, replace it */
        MSG_PAM_START, /* authority: a PAM worker for that source, in that place */

        /* parent to the authority */
        MSG_PAM_STATE,

        /* authority to a frontend, and back */
        MSG_CONNECTION, /* carries the accepted socket */
        MSG_CONNECTION_CLOSED,
        MSG_CALLER,
        MSG_ASK_PASSWORD_GRANT,
        MSG_ASK_REFRESH_GRANT,
        MSG_ASK_REVOKE,     /* a token, by whoever holds it */
        MSG_ASK_REVOCATION, /* by what it is about, by an admin */
        MSG_ASK_SESSIONS,
        MSG_ASK_SESSION_END,
        MSG_ASK_ME,
        MSG_ASK_USER_ADD,
        MSG_ASK_USER_IMPORT,
        MSG_ASK_USER_LIST,
        MSG_ASK_USER_SHOW,
        MSG_ASK_USER_CHANGE,
        MSG_ASK_USER_REMOVE,
        MSG_ASK_USER_UNLOCK,
        MSG_ASK_PROFILE_CHANGE,
        MSG_ASK_PASSWORD_CHANGE,
        MSG_ASK_PEER_GRANT,
        MSG_ASK_CLIENT_GRANT,
        MSG_ASK_EXCHANGE,
        MSG_ASK_OUTSIDE_GRANT,
        MSG_ASK_LINK_LIST, /* of a user to outside issuers */
        MSG_ASK_LINK_ADD,
        MSG_ASK_LINK_REMOVE,
        MSG_ASK_CLIENT_CHECK,
        MSG_ASK_CLIENT_ADD,
        MSG_ASK_CLIENT_LIST,
        MSG_ASK_CLIENT_SHOW,
        MSG_ASK_CLIENT_CHANGE,
        MSG_ASK_CLIENT_SECRET,
        MSG_ASK_CLIENT_DELETE,
        MSG_ASK_POLICY_TEST,
        MSG_ASK_PAM,
        MSG_ASK_LOGIN_CODE,
        MSG_ASK_HEALTH,
        MSG_ASK_KEY_LIST,
        MSG_ASK_KEY_ROTATE,
        MSG_ASK_KEY_DROP,
        MSG_ASK_TOKEN_CHECK,
        MSG_ASK_METRICS,
        MSG_ANSWER_REFUSED,
        MSG_ANSWER_TOKEN,
        MSG_ANSWER_SESSION,      /* one of several */
        MSG_ANSWER_SESSIONS_END, /* closes their list */
        MSG_ANSWER_USER,         /* one user; in a list, one of several */
        MSG_ANSWER_USERS_END,    /* closes a list */
        MSG_ANSWER_IMPORTED,     /* one of several, in the order of the rows */
        MSG_ANSWER_CLIENT,       /* one client; in a list, one of several */
        MSG_ANSWER_CLIENTS_END,  /* closes a list */
        MSG_ANSWER_LINK,         /* one link; in a list, one of several */
        MSG_ANSWER_LINKS_END,    /* closes a list */
        MSG_ANSWER_POLICY,
        MSG_ANSWER_TICKET,
        MSG_ANSWER_LOGIN_CODE,
        MSG_ANSWER_HEALTH,
        MSG_ANSWER_DONE, /* has no fields */
        MSG_ANSWER_CLIENT_CHECK,
        MSG_ANSWER_KEY, /* one of several */
        MSG_ANSWER_KEYS_END,
        MSG_ANSWER_TOKEN_CHECK,
        MSG_ANSWER_COUNTS, /* one of several; MSG_ANSWER_DONE closes them */

        /* authority to the signer, and back */
        MSG_SIGN_ACCESS,
        MSG_SIGN_TICKET,
        MSG_SIGNED,
        MSG_NOT_SIGNED,
        MSG_KEYS_LIST,
        MSG_KEY_ROTATE,
        MSG_KEY_DROP,
        MSG_KEY, /* one of several; each of the three above is answered with all of them */
        MSG_KEYS_END,
        MSG_KEY_CHANGED, /* told by itself, of each change: its `call` is 0 */
        MSG_CHECK_MAC,
        MSG_MAC_CHECKED,

        /* authority to a worker, and back */
        MSG_HASH,
        MSG_HASHED,

        /* authority to a PAM worker, and back; once */
        MSG_CHECK_PAM,
        MSG_PAM_CHECKED,

        /* authority to names, and back */
        MSG_FIND_ACCOUNT,
        MSG_FIND_UID,
        MSG_ACCOUNT,

        /* authority and units */
        MSG_FIND_PROCESS, /* its `call` is a connection */
        MSG_FIND_UNIT,
        MSG_PROCESS,
        MSG_UNIT,

        /* authority and issuer */
        MSG_CHECK_OUTSIDE,
        MSG_OUTSIDE_CHECKED,

        MSG_COUNT,
};

/* What a descriptor handed over in MSG_DESCRIPTOR is. */
enum descriptor {
        DESCRIPTOR_NONE = 0,
        DESCRIPTOR_LISTEN,             /* jeton.sock */
        DESCRIPTOR_LISTEN_WEB,         /* web.sock */
        DESCRIPTOR_LISTEN_CREDENTIALS, /* credentials.sock */
        DESCRIPTOR_DB_DIR,             /* the authority's own directory */
        DESCRIPTOR_TOKENS_DIR,         /* the authority's own, for the tokens of system logins */
        DESCRIPTOR_KEYS_DIR,           /* the signer's own directory */
        DESCRIPTOR_KEYS_PAGE,          /* writable for the signer alone */
        DESCRIPTOR_STATUS_PAGE,        /* writable for the authority alone */
        DESCRIPTOR_CHANNEL,            /* a socket pair's end; `process` and `instance` say whose */
        DESCRIPTOR_FILTER,             /* a memfd with the seccomp program */
        DESCRIPTOR_JOURNAL,            /* connected to journald, for audit lines */
        DESCRIPTOR_AUDIT_FILE,         /* opened to append audit lines */
        DESCRIPTOR_BLOCKLIST,          /* passwords that nobody may have, a line each */
        DESCRIPTOR_QUALITY,            /* the text of pwquality.conf(5) */
        DESCRIPTOR_JWKS_DIR, /* where the keys of the outside issuer `instance` are; none where it
                              * cannot be opened */
        DESCRIPTOR_COUNTS,   /* a page of counts.h; `instance` says which */
        DESCRIPTOR_COUNT,
};

/* Bytes of those two. */
#define BLOCKLIST_MAX (4 * 1024 * 1024)
#define QUALITY_MAX   (64 * 1024)

/* How a caller wants to be known. Peer authority must be asked for. */
enum credential {
        CREDENTIAL_NONE = 0,
        CREDENTIAL_PEER,   /* "Authorization: Peer" */
        CREDENTIAL_BEARER, /* "Authorization: Bearer ..."; the token is in `bearer` */
};

/* ---- parent -> child ---- */

struct msg_setup_frontend {
        uint8_t class; /* enum caller_class */
        uint32_t max_connections;
        uint32_t request_ms; /* a whole request must have arrived within this */
        uint32_t idle_ms;    /* a kept connection may wait this long for its next request */
        uint32_t leeway_s;   /* clock leeway in verification */
};

struct msg_setup_authority {
        struct text issuer;
        uint32_t access_lifetime_s;
        uint32_t min_uid;
        uint8_t password_grant_web; /* 1: web.sock may use the password grant */
        uint8_t registration_open;  /* 1: anybody may add himself */
        uint32_t max_registered_per_uid;
        uint32_t max_registered_shared; /* by uids without an account together, and on web.sock */
        uint32_t max_connections;
        uint32_t max_connections_per_uid;
        uint32_t password_min;       /* characters */
        uint32_t password_max_age_s; /* 0: for ever */
        uint32_t leeway_s;
        uint8_t refresh; /* 1: logins are given a refresh token */
        uint32_t refresh_idle_s;
        uint32_t refresh_lifetime_s;
        uint32_t max_calls_per_uid;
        uint32_t max_hashes_per_uid;
        uint8_t algorithm;    /* enum key_algorithm: of tokens for the issuer, and the default */
        uint32_t pam_workers; /* at a time */
        struct text login_code_services; /* space-separated PAM services; empty: none */
        uint32_t login_code_s;           /* how long a code is good */
        uint32_t metrics_gid;            /* who may see the metrics; UINT32_MAX: no group */
};

struct msg_setup_admin {
        uint32_t uid;
};

struct msg_setup_audience {
        struct text name;
        uint32_t lifetime_s; /* 0: access_lifetime_s */
        uint8_t kind;        /* TOKEN_KIND_ACCESS or TOKEN_KIND_PLAIN */
        uint8_t algorithm;   /* enum key_algorithm; KEY_NONE: the default */
        struct text roles;   /* who may have tokens for it; empty: every user */
};

struct msg_setup_scope {
        struct text name;
        struct text roles; /* who may have it; empty: every user */
};

/* What the processes of some accounts may have by the kernel's word; or, for `self`, what every
 * account may have about itself. */
struct msg_setup_identity {
        struct text name; /* WIRE_CLIENT_LOCAL for self */
        struct text audiences;
        struct text scopes;
        struct text roles;
        uint32_t lifetime_s; /* 0: the audience's */
        uint8_t act_for;     /* 1: may ask about other people's logins */
        uint8_t is_self;
        struct text unit; /* that the process must be in; empty: any */
};

struct msg_setup_member {
        uint8_t is_group;
        uint32_t id;
};

enum source_kind {
        SOURCE_DATABASE = 1,
        SOURCE_PAM,
        SOURCE_KIND_COUNT,
};

struct msg_setup_source {
        struct text name; /* for the log */
        uint8_t kind;     /* enum source_kind */
        uint32_t min_uid; /* PAM: accounts below it are not asked about */
        uint8_t create;   /* PAM: 1: an account that no user is linked to becomes one */
};

struct msg_setup_signer {
        struct text issuer;
        uint32_t max_lifetime_s;
        uint8_t algorithm;   /* enum key_algorithm: the default, which signs tickets too */
        uint32_t algorithms; /* bits 1 << enum key_algorithm: of each a key must be active */
        uint32_t rotate_s;   /* 0: no rotation by time */
        uint32_t prepare_s;
};

struct msg_setup_pam {
        struct text service;
        struct text directory; /* where its file is; the parent has looked at it */
        uint32_t min_uid;
};

/* The authority is told the address alone. */
struct msg_setup_issuer {
        struct text url;       /* `iss` of its tokens */
        struct text audiences; /* space-separated: what they may have in `aud` */
        uint8_t algorithm;     /* enum key_algorithm */
        struct text file; /* of its keys: a path, whose last name is in the folder that follows */
};

struct msg_descriptor {
        uint8_t what;    /* enum descriptor */
        uint8_t process; /* enum process, for a channel */
        uint32_t instance;
        uint32_t start; /* which of the processes that are started in its place one after another */
};

struct msg_go {
        uint8_t reload; /* 1: these settings replace those of a running process */
};

struct msg_drain {
        uint32_t within_ms;
};

/* ---- child -> parent ---- */

struct msg_ready {
        uint8_t first; /* authority: the database was made by this start */
};

/* Both are about the process of that `start`: its successor may run already. */
struct msg_breach {
        uint8_t process;
        uint8_t is_overdue; /* it broke no rule but did not answer in time */
        uint32_t instance;
        uint32_t start;
};

struct msg_retire {
        uint32_t instance;
        uint32_t start;
};

/* Both by number: the service's name and the settings are the parent's own. */
struct msg_pam_start {
        uint8_t instance;
        uint8_t source; /* which of the MSG_SETUP_SOURCE there were, from 0 */
};

/* Answers each start, and tells each end. */
struct msg_pam_state {
        uint32_t instance;
        uint32_t pid; /* it runs, and its channel has been given; 0: it does not, or no more */
};

/* ---- authority <-> frontend ---- */

struct msg_connection {
        uint32_t connection;
        uint64_t id; /* request_id.h */
};

struct msg_connection_closed {
        uint32_t connection;
};

/* Who asks on a connection of web.sock from now on, as the proxy says. */
struct msg_caller {
        uint32_t connection;
        struct text remote; /* an address as inet_ntop(3) writes it; empty: it said none */
};

struct msg_ask_password_grant {
        uint32_t connection;
        struct text username;
        struct text password;
        struct text client_id;
        struct text audience; /* space-separated; empty: the issuer */
        struct text scope;
};

struct msg_ask_refresh_grant {
        uint32_t connection;
        struct text refresh_token;
        struct text client_id;
        struct text secret;   /* empty: a client that has none */
        struct text audience; /* space-separated; empty: that of the login */
        struct text scope;    /* empty: that of the login */
};

struct msg_ask_revoke {
        uint32_t connection;
        struct text token;     /* an access or a refresh token */
        struct text client_id; /* empty: none is named */
        struct text secret;    /* empty: none is proven */
};

struct msg_ask_revocation {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint8_t kind;      /* enum revocation_kind */
        struct text claim; /* a jti, a sid, a user's id or name, a client_id; empty for all */
        int64_t before;    /* what was issued before; 0: until now. Not for a jti and a sid */
};

struct msg_ask_sessions {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint8_t own;      /* 1: those of the bearer himself */
        struct text user; /* id or name; empty: everybody's */
        uint32_t skip;
        uint32_t limit;
};

struct msg_ask_session_end {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text sid;
};

struct msg_ask_me {
        uint32_t connection;
        struct text bearer;
};

struct msg_ask_user_add {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text username;
        struct text password;      /* one of the two, the other is empty */
        struct text password_hash; /* of another system: an admin alone brings one */
        struct text full_name;
        struct text email;
        struct text roles; /* space-separated */
        uint8_t has_uid;   /* 1: link to `uid` at once */
        uint32_t uid;
        uint8_t allow_account_name; /* 1: the admin knows that the name is a local account's */
        int64_t expires_at;         /* 0: never */
};

/* Users that another system had, many in one call: each is stored, or refused, by itself. */
struct msg_ask_user_import {
        uint32_t connection;
        uint8_t credential;          /* no bearer brings as much */
        uint8_t dry_run;             /* 1: nothing is stored */
        uint8_t allow_account_names; /* 1: names of local accounts are meant */
        struct text rows;            /* import_row.h */
};

struct msg_ask_user_list {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint32_t skip;
        uint32_t limit;
        struct text q;
};

struct msg_ask_user_show {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user; /* id or name */
};

struct msg_ask_user_change {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user; /* id or name */
        uint8_t members;  /* enum user_member; the others are not looked at */
        struct text full_name;
        struct text email;
        struct text roles; /* space-separated */
        uint8_t disabled;
        int64_t expires_at; /* 0: never */
        uint8_t has_uid;    /* 0: unlink */
        uint32_t uid;
        struct text password;
        uint8_t must_change;
};

struct msg_ask_user_remove {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user; /* id or name */
};

struct msg_ask_user_unlock {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user; /* id or name */
};

struct msg_ask_profile_change {
        uint32_t connection;
        struct text bearer; /* whose profile it is */
        uint8_t members;    /* USER_FULL_NAME, USER_EMAIL */
        struct text full_name;
        struct text email;
};

struct msg_ask_password_change {
        uint32_t connection;
        struct text bearer;   /* whose password it is */
        struct text username; /* or this one's, where there is no bearer */
        struct text current_password;
        struct text new_password;
};

/* client_credentials with no credentials: the peer's own. */
struct msg_ask_peer_grant {
        uint32_t connection;
        struct text client_id; /* the name of an identity block; empty: the one that there is */
        struct text audience;  /* space-separated; empty: the issuer */
        struct text scope;
};

struct msg_ask_client_grant {
        uint32_t connection;
        struct text client_id;
        struct text secret;
        struct text audience;
        struct text scope;
};

/* RFC 8693, one's own token for a narrower one. */
struct msg_ask_exchange {
        uint32_t connection;
        struct text subject_token;
        struct text client_id; /* empty: none is named */
        struct text secret;    /* empty: none is proven */
        struct text audience;  /* empty: the subject token's */
        struct text scope;
        struct text roles;   /* empty: those of the subject token; "-": none */
        uint32_t lifetime_s; /* 0: as long as may be */
};

struct msg_ask_outside_grant {
        uint32_t connection;
        struct text subject_token; /* an ID token of somebody else's */
        struct text client_id;
        struct text audience; /* space-separated; empty: the issuer */
        struct text scope;
};

struct msg_ask_link_list {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user; /* id or name */
};

/* MSG_ASK_LINK_ADD, MSG_ASK_LINK_REMOVE */
struct msg_ask_link {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text user;   /* id or name */
        struct text issuer; /* who he is there */
        struct text sub;
};

struct msg_ask_client_check {
        uint32_t connection;
        struct text client_id;
        struct text secret;
};

struct msg_ask_client_add {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text id;
        struct text name;
        struct text audiences;
        struct text scopes;
};

struct msg_ask_client_list {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint32_t skip;
        uint32_t limit;
};

/* MSG_ASK_CLIENT_SHOW, MSG_ASK_CLIENT_SECRET and MSG_ASK_CLIENT_DELETE. */
struct msg_ask_client {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text id;
};

enum client_member {
        CLIENT_NAME = 1,
        CLIENT_AUDIENCES = 2,
        CLIENT_SCOPES = 4,
        CLIENT_ENABLED = 8,
        CLIENT_MEMBERS = 15,
};

struct msg_ask_client_change {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text id;
        uint8_t members; /* enum client_member; the others are not looked at */
        struct text name;
        struct text audiences;
        struct text scopes;
        uint8_t enabled;
};

/* What would a process with these ids be given? */
struct msg_ask_policy_test {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint32_t uid;
        struct text groups; /* gids in decimal, space-separated */
        struct text unit;   /* empty: none */
        struct text client_id;
        struct text audience;
        struct text scope;
};

struct msg_ask_pam {
        uint32_t connection;
        uint8_t phase;   /* enum pam_phase */
        uint8_t as_peer; /* the caller says so: without it its uid has no right here */
        struct text username;
        struct text password; /* auth, check, password: the present one */
        struct text service;
        struct text rhost;
        struct text nonce;
        uint32_t uid;         /* getpwnam(username)->pw_uid on the caller's side */
        struct text role;     /* the user must have; empty: none */
        struct text audience; /* session: of its token; empty: the issuer */
        struct text scope;    /* session: of its token; empty: all that the user may have */
        struct text proof; /* session: the ticket of this login's auth phase; password: a token of
                            * the session that asks; empty: none */
        struct text sid;   /* close: of which session */
        uint8_t by_root;   /* check, password: nobody need know the present one */
        struct text new_password;
};

struct msg_ask_login_code {
        uint32_t connection;
        struct text bearer; /* whose password it is to stand for */
        struct text service;
};

struct msg_ask_health {
        uint32_t connection;
};

struct msg_ask_key_list {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
};

struct msg_ask_key_rotate {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        uint8_t algorithm; /* enum key_algorithm; KEY_NONE: all that are in use */
        uint8_t now;       /* 1: the successor signs at once */
};

struct msg_ask_key_drop {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
        struct text kid;
};

struct msg_ask_token_check {
        uint32_t connection;
        struct text token; /* of which the public pages do not tell whether it is good */
};

struct msg_ask_metrics {
        uint32_t connection;
        uint8_t credential;
        struct text bearer;
};

struct msg_answer_refused {
        uint16_t status;         /* HTTP */
        struct text error;       /* RFC 6749 5.2 code */
        struct text description; /* ASCII; nothing that a caller wrote */
};

struct msg_answer_token {
        struct text access_token;
        uint32_t expires_in_s;
        struct text scope;
        struct text refresh_token; /* empty: none */
};

struct msg_answer_session {
        struct text sid;
        uint64_t user_id;
        struct text username;
        struct text client_id;
        struct text audience;
        struct text scope;
        struct text amr;
        int64_t auth_time;
        int64_t used_at;
        int64_t expires_at; /* when it ends, unless it is used before then */
        uint8_t is_current; /* 1: the token that asked is of this session */
};

struct msg_answer_sessions_end {
        uint64_t total;
};

struct msg_answer_user {
        uint64_t id;
        struct text username;
        struct text full_name;
        struct text email;
        struct text roles;
        uint8_t disabled;
        uint8_t must_change; /* his password, at the next login */
        uint8_t has_uid;
        uint32_t uid;
        int64_t created_at;   /* seconds, NumericDate */
        int64_t expires_at;   /* 0: never */
        int64_t locked_until; /* some pair of his waits; 0: none, or not asked for */
};

struct msg_answer_users_end {
        uint64_t total;
};

struct msg_answer_imported {
        uint8_t outcome;   /* enum import_outcome */
        uint64_t id;       /* of who was imported */
        struct text error; /* of who was refused, as in answer-refused */
        struct text description;
};

struct msg_answer_client {
        struct text id;
        struct text name;
        struct text audiences;
        struct text scopes;
        uint8_t enabled;
        int64_t created_at;
        struct text secret; /* only in the answer that made it */
};

/* Who has proved itself, and the audiences whose tokens are its concern. */
struct msg_answer_client_check {
        struct text client_id;
        struct text audiences;
};

struct msg_answer_clients_end {
        uint64_t total;
};

struct msg_answer_link {
        struct text issuer;
        struct text sub;
        uint8_t by_email; /* 1: made by a login; 0: by an administrator */
        int64_t created_at;
};

struct msg_answer_links_end {
        uint64_t total;
};

struct msg_answer_policy {
        uint8_t granted;
        struct text reason; /* for the administrator: which rule matched, or is missing */
        struct text error;  /* what the caller himself would be told; empty when granted */
        struct text client_id;
        struct text sub;
        struct text audience;
        struct text scope;
        struct text roles;
        uint32_t lifetime_s;
};

struct msg_answer_ticket {
        struct text ticket;
};

struct msg_answer_login_code {
        struct text code;
        uint32_t expires_in_s;
        struct text service;
};

struct msg_answer_health {
        uint8_t ok;
};

/* One key, from the signer to the authority and from there to a frontend. */
struct msg_key {
        struct text kid;
        uint8_t algorithm; /* enum key_algorithm */
        uint8_t state;     /* enum key_state */
        int64_t since;     /* of the state */
        int64_t until;     /* prepared: becomes active; retired: is dropped; otherwise 0 */
};

enum keys_outcome {
        KEYS_DONE = 1,
        KEYS_UNKNOWN, /* no such key; no such algorithm in use */
        KEYS_FULL,    /* as many keys as the page holds */
        KEYS_FAILED,  /* the signer's log has the reason */
};

struct msg_keys_end {
        uint8_t outcome; /* enum keys_outcome; towards a frontend always KEYS_DONE */
};

struct msg_answer_token_check {
        uint8_t good; /* it is one of ours, its time is not over, and it is not revoked */
};

struct msg_answer_counts {
        uint8_t page;   /* enum counts_page */
        uint16_t first; /* of its words */
        struct text words;
};

struct msg_mac_checked {
        uint8_t good;
};

/* ---- authority <-> signer ---- */

struct msg_sign_access {
        uint8_t kind; /* TOKEN_KIND_ACCESS or TOKEN_KIND_PLAIN */
        struct text sub;
        struct text client_id;
        struct text audience; /* space-separated */
        struct text scope;
        struct text roles;
        struct text username;
        uint8_t has_uid;
        uint32_t uid;
        struct text sid;
        int64_t auth_time;
        struct text amr; /* space-separated */
        uint32_t lifetime_s;
        int64_t iat_min;   /* 0, or a second that has just not begun: what was issued before it is
                            * revoked */
        uint8_t algorithm; /* enum key_algorithm; KEY_NONE: the default */
        int64_t exp_max;   /* 0, or the end of the token that this one is made from */
};

struct msg_sign_ticket {
        struct text username;
        uint32_t uid;
        struct text service;
        struct text nonce;
        uint8_t phase;     /* enum pam_phase */
        uint8_t verdict;   /* enum login_verdict */
        struct text role;  /* that was asked for */
        struct text sid;   /* of the session that was opened; otherwise empty */
        struct text amr;   /* auth, granted: how; otherwise empty */
        uint32_t at_least; /* with LOGIN_SHORT; otherwise 0 */
        int64_t iat_min;   /* as of an access token */
};

struct msg_signed {
        struct text token;
        struct text jti;
        int64_t issued_at;
        int64_t expires_at;
        struct text kid;
};

enum not_signed {
        NOT_SIGNED_LIMIT = 1, /* a field is beyond what the signer's own settings allow */
        NOT_SIGNED_FAILED,    /* the signature could not be made */
        NOT_SIGNED_NO_KEY,    /* no key of that algorithm is active: between two settings */
};

struct msg_not_signed {
        uint8_t reason;
};

/* The signer checks both against its own rules: an active key is never without a successor. */
struct msg_key_rotate {
        uint8_t algorithm; /* enum key_algorithm; KEY_NONE: all that are in use */
        uint8_t now;
};

struct msg_key_drop {
        struct text kid;
};

enum key_cause {
        KEY_CAUSE_DUE = 1, /* by time, or by new settings */
        KEY_CAUSE_ASKED,   /* by an administrator */
};

struct msg_key_changed {
        struct text kid;
        uint8_t algorithm;
        uint8_t state; /* enum key_state; KEY_STATE_NONE: dropped */
        uint8_t cause;
};

/* Yes or no: the signer gives no MAC away, and reads nothing of these bytes. */
struct msg_check_mac {
        struct text kid;
        struct text signed_bytes;
        struct text mac;
};

/* ---- authority <-> worker ---- */

struct msg_hash {
        struct text password;
        struct text setting;      /* never a stored hash: authority/setting.c cuts it */
        struct text username;     /* of a new password, which is judged first; empty: none */
        struct text old_password; /* that it is to replace, where it is known */
};

/* What is wrong with a new password. */
enum complaint {
        COMPLAINT_NONE = 0,
        COMPLAINT_SHORT,
        COMPLAINT_LONG,    /* or with a NUL in it */
        COMPLAINT_COMMON,  /* on the list of those that everybody tries */
        COMPLAINT_NAME,    /* the user name is in it */
        COMPLAINT_SIMILAR, /* to the old one */
        COMPLAINT_SIMPLE,  /* by the host's other rules */
        COMPLAINT_COUNT,
};

struct msg_hashed {
        struct text hash;  /* empty: a complaint, or the library refused that setting */
        uint8_t complaint; /* enum complaint */
        uint32_t at_least; /* COMPLAINT_SHORT: characters that are asked for */
};

/* ---- authority <-> PAM worker ---- */

struct msg_check_pam {
        struct text username;
        struct text password;
        struct text rhost; /* the caller's address, or empty */
};

enum conversation {
        CONVERSATION_BROKEN = 0, /* a module could not tell */
        CONVERSATION_REFUSED,
        CONVERSATION_PROVED = 0x6a,
};

struct msg_pam_checked {
        uint8_t outcome;  /* enum conversation */
        uint32_t code;    /* of Linux-PAM, for the log */
        uint32_t uid;     /* of the account that was proved */
        struct text name; /* PAM_USER as the modules left it */
};

/* ---- authority <-> names ---- */

struct msg_find_account {
        struct text name;
};

struct msg_find_uid {
        uint32_t uid;
};

struct msg_account {
        uint8_t known;
        uint32_t uid;
        struct text name;
};

/* ---- authority <-> units ---- */

struct msg_find_process {
        uint32_t pid;
};

struct msg_find_unit {
        uint32_t pid;
};

#define COMM_MAX 15 /* TASK_COMM_LEN of the kernel, less its NUL */

struct msg_process {
        struct text comm; /* empty: it could not be read */
        struct text unit; /* empty: none */
};

struct msg_unit {
        struct text unit; /* empty: none */
};

/* ---- authority <-> issuer ---- */

#define OUTSIDE_LIFETIME_MAX_S 86400

struct msg_check_outside {
        struct text token; /* of somebody else, about a person */
        int64_t now;
        uint32_t leeway_s;
};

/* What became of it. */
enum outside_verdict {
        OUTSIDE_MALFORMED = 0, /* no compact JWS, or its JSON is none */
        OUTSIDE_HEADER,        /* its header asks for what is not known, or is of another kind */
        OUTSIDE_ISSUER,        /* nobody's who is configured */
        OUTSIDE_ALGORITHM,     /* another than the issuer's */
        OUTSIDE_KEY,           /* its kid is none of the issuer's, or he has no keys */
        OUTSIDE_SIGNATURE,
        OUTSIDE_AUDIENCE, /* for somebody else, or for others too */
        OUTSIDE_EXPIRED,
        OUTSIDE_NOT_YET,
        OUTSIDE_LIFETIME, /* longer than OUTSIDE_LIFETIME_MAX_S */
        OUTSIDE_CLAIMS,   /* a claim is missing, or is not what it has to be */
        OUTSIDE_VALID = 0x6a,
};

/* The rest is empty unless it is valid. The issuer comes by his address: in a reload his number may
 * become another's. */
struct msg_outside_checked {
        uint8_t verdict;
        struct text issuer;
        struct text sub;
        struct text email; /* empty: none */
        uint8_t email_verified;
        int64_t auth_time; /* 0: it does not say */
        int64_t issued_at;
        int64_t expires_at;
};

/* One decoded message. Its texts are lent by the frame's buffer. */
union message {
        struct msg_setup_frontend setup_frontend;
        struct msg_setup_authority setup_authority;
        struct msg_setup_admin setup_admin;
        struct msg_setup_audience setup_audience;
        struct msg_setup_scope setup_scope;
        struct msg_setup_identity setup_identity;
        struct msg_setup_member setup_member;
        struct msg_setup_source setup_source;
        struct msg_setup_signer setup_signer;
        struct msg_setup_pam setup_pam;
        struct msg_setup_issuer setup_issuer;
        struct msg_descriptor descriptor;
        struct msg_go go;
        struct msg_drain drain;
        struct msg_ready ready;
        struct msg_breach breach;
        struct msg_retire retire;
        struct msg_pam_start pam_start;
        struct msg_pam_state pam_state;
        struct msg_connection connection;
        struct msg_connection_closed connection_closed;
        struct msg_caller caller;
        struct msg_ask_password_grant ask_password_grant;
        struct msg_ask_refresh_grant ask_refresh_grant;
        struct msg_ask_revoke ask_revoke;
        struct msg_ask_revocation ask_revocation;
        struct msg_ask_sessions ask_sessions;
        struct msg_ask_session_end ask_session_end;
        struct msg_ask_me ask_me;
        struct msg_ask_user_add ask_user_add;
        struct msg_ask_user_import ask_user_import;
        struct msg_ask_user_list ask_user_list;
        struct msg_ask_user_show ask_user_show;
        struct msg_ask_user_change ask_user_change;
        struct msg_ask_user_remove ask_user_remove;
        struct msg_ask_user_unlock ask_user_unlock;
        struct msg_ask_profile_change ask_profile_change;
        struct msg_ask_password_change ask_password_change;
        struct msg_ask_peer_grant ask_peer_grant;
        struct msg_ask_client_grant ask_client_grant;
        struct msg_ask_exchange ask_exchange;
        struct msg_ask_outside_grant ask_outside_grant;
        struct msg_ask_link_list ask_link_list;
        struct msg_ask_link ask_link;
        struct msg_ask_client_check ask_client_check;
        struct msg_ask_client_add ask_client_add;
        struct msg_ask_client_list ask_client_list;
        struct msg_ask_client_change ask_client_change;
        struct msg_ask_client ask_client;
        struct msg_ask_policy_test ask_policy_test;
        struct msg_ask_pam ask_pam;
        struct msg_ask_login_code ask_login_code;
        struct msg_ask_health ask_health;
        struct msg_answer_refused answer_refused;
        struct msg_answer_token answer_token;
        struct msg_answer_session answer_session;
        struct msg_answer_sessions_end answer_sessions_end;
        struct msg_answer_user answer_user;
        struct msg_answer_users_end answer_users_end;
        struct msg_answer_imported answer_imported;
        struct msg_answer_client answer_client;
        struct msg_answer_client_check answer_client_check;
        struct msg_answer_clients_end answer_clients_end;
        struct msg_answer_link answer_link;
        struct msg_answer_links_end answer_links_end;
        struct msg_answer_policy answer_policy;
        struct msg_answer_ticket answer_ticket;
        struct msg_answer_login_code answer_login_code;
        struct msg_answer_health answer_health;
        struct msg_sign_access sign_access;
        struct msg_sign_ticket sign_ticket;
        struct msg_signed signed_token;
        struct msg_not_signed not_signed;
        struct msg_ask_key_list ask_key_list;
        struct msg_ask_key_rotate ask_key_rotate;
        struct msg_ask_key_drop ask_key_drop;
        struct msg_ask_token_check ask_token_check;
        struct msg_ask_metrics ask_metrics;
        struct msg_answer_counts answer_counts;
        struct msg_key_rotate key_rotate;
        struct msg_key_drop key_drop;
        struct msg_key_changed key_changed;
        struct msg_key key;           /* MSG_KEY and MSG_ANSWER_KEY */
        struct msg_keys_end keys_end; /* MSG_KEYS_END and MSG_ANSWER_KEYS_END */
        struct msg_check_mac check_mac;
        struct msg_answer_token_check answer_token_check;
        struct msg_mac_checked mac_checked;
        struct msg_hash hash;
        struct msg_hashed hashed;
        struct msg_check_pam check_pam;
        struct msg_pam_checked pam_checked;
        struct msg_find_account find_account;
        struct msg_find_uid find_uid;
        struct msg_account account;
        struct msg_find_process find_process;
        struct msg_find_unit find_unit;
        struct msg_process process;
        struct msg_unit unit;
        struct msg_check_outside check_outside;
        struct msg_outside_checked outside_checked;
};

/* "ask-me", for logs. Never NULL. */
const char *message_name(enum message_type type);

/* The most bytes a frame of this type can have, header included; 0 for no such type. */
size_t message_max(enum message_type type);

/* Writes a whole frame of `message` (the struct of its type) into `buffer` of FRAME_MAX bytes.
 * 0; -EMSGSIZE when a text is longer than its bound: a bug of the caller's or a value that should
 * have been refused before. */
int message_encode(enum message_type type, uint64_t call, const void *message, uint8_t *buffer,
                   size_t *ret_len);

/* Reads type and call of a frame. 0 or -EPROTO. Looks at nothing behind the header. */
int message_decode_header(const uint8_t *frame, size_t len, enum message_type *ret_type,
                          uint64_t *ret_call);

/* Reads the fields. Every text is within its bound and every byte is consumed, or -EPROTO and *ret
 * is zeroed. Texts are lent by `frame`. */
int message_decode(enum message_type type, const uint8_t *frame, size_t len, union message *ret);

#endif
