/* What the configuration says, as the parent sent it. Read by everyone, changed by nobody: a reload
 * brings a whole new one. */
#ifndef JETON_AUTHORITY_SETTINGS_H
#define JETON_AUTHORITY_SETTINGS_H

#include "../../common/jwt/claims.h"
#include "../privsep/channel.h"

#include <stdbool.h>

#define SETTINGS_AUDIENCES_MAX 64
#define SETTINGS_SCOPES_MAX    64 /* of one audience */
#define SETTINGS_ADMINS_MAX    64
#define SETTINGS_SOURCES_MAX   8

#define SETTINGS_IDENTITIES_MAX 64
#define SETTINGS_MEMBERS_MAX    32 /* of one identity */

/* Who may administer by a bearer token: the role, and the scope of the token. */
#define ADMIN_ROLE  "admin"
#define ADMIN_SCOPE "jeton:admin"

struct scope_rule {
        char *name;
        char *roles; /* who may have it; empty: every user */
};

struct audience_rule {
        char *name;
        char *roles; /* who may have tokens for it; empty: every user */
        uint32_t lifetime_s;
        enum token_kind kind;
        enum key_algorithm algorithm; /* of its tokens */
        struct scope_rule scopes[SETTINGS_SCOPES_MAX];
        size_t scope_count;
};

/* An identity of the configuration, or self: what its members may have by the kernel's word. */
struct identity_rule {
        char *name;
        char *audiences, *scopes, *roles; /* space-separated */
        uint32_t lifetime_s;              /* 0: the audience's */
        char *unit;                       /* that the process must be in; empty: any */
        bool act_for, is_self;
        struct member {
                bool is_group;
                uint32_t id;
        } members[SETTINGS_MEMBERS_MAX];
        size_t member_count;
};

/* Who knows whether a password is right. Its place in the settings is the parent's number for it.
 */
struct source_rule {
        char name[SOURCE_NAME_MAX + 1];
        enum source_kind kind;
        uint32_t min_uid;
        bool create; /* an account that no user is linked to becomes one */
};

struct settings {
        unsigned references; /* a call keeps the settings it began with over a reload */
        char issuer[ISSUER_MAX + 1];
        uint32_t access_lifetime_s, min_uid;
        uint32_t max_connections, max_connections_per_uid, password_min, leeway_s;
        uint32_t password_max_age_s; /* 0: for ever */
        uint32_t max_calls_per_uid, max_hashes_per_uid;
        bool password_grant_web;
        bool refresh; /* logins are given a refresh token */
        uint32_t refresh_idle_s, refresh_lifetime_s;
        bool registration_open;
        uint32_t max_registered_per_uid, max_registered_shared;
        enum key_algorithm algorithm; /* where an audience names none */
        uint32_t admins[SETTINGS_ADMINS_MAX];
        size_t admin_count;
        struct audience_rule audiences[SETTINGS_AUDIENCES_MAX]; /* the first is the issuer itself */
        size_t audience_count;
        struct identity_rule identities[SETTINGS_IDENTITIES_MAX];
        size_t identity_count;
        struct source_rule sources[SETTINGS_SOURCES_MAX]; /* in the order to ask them */
        size_t source_count;
        char *outside[OUTSIDE_ISSUERS_MAX]; /* the addresses of outside issuers, by number */
        size_t outside_count;
        uint32_t pam_workers;
        char *login_code_services; /* that take login codes, space-separated */
        uint32_t login_code_s;
        uint32_t metrics_gid; /* UINT32_MAX: no group */
};

struct settings *settings_ref(struct settings *settings);
/* The last one out frees. NULL is fine. */
void settings_unref(struct settings *settings);

/* One set-up message. MSG_SETUP_AUTHORITY makes *settings anew, the others add to it. 0; -EPROTO
 * for a message out of order or one too many; -ENOMEM. */
int settings_take(struct settings **settings, const struct frame *frame);

/* How long a token of any audience lives at most, in seconds. */
uint32_t settings_longest_lifetime(const struct settings *settings);

/* Whether the configuration lets this uid administer. */
bool settings_is_admin(const struct settings *settings, uint32_t uid);

#endif
