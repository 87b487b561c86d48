/* The settings of one jetond: what the configuration files said, checked, with every default filled
 * in. Names are still names here; identities.c turns them into ids.
 *
 * Lists are space-separated words, empty when there are none. Durations are whole seconds. */
#ifndef JETON_PARENT_SETTINGS_H
#define JETON_PARENT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct scope {
        char *name;
        char *roles;
};

struct audience {
        char *name;
        uint32_t lifetime_s; /* 0: access_lifetime_s */
        uint32_t kind;       /* enum token_kind: ACCESS or PLAIN */
        uint32_t algorithm;  /* enum key_algorithm; KEY_NONE: that of the settings */
        char *roles;
        struct scope *scopes;
        size_t scope_count;
};

/* Who knows whether a password is right. */
struct source {
        char *name;       /* "database", or "pam:" and a service */
        char *directory;  /* of the service's file; NULL: PAM_DIRECTORY */
        uint32_t min_uid; /* 0: that of the settings */
        uint32_t create;  /* 1: an account that no user is linked to becomes one */
        uint32_t timeout_s;
};

struct web {
        char *socket; /* empty: web.sock in the run directory */
        char *group;
};

enum registration {
        REGISTRATION_CLOSED,
        REGISTRATION_OPEN, /* anybody may add himself */
};

/* An identity section, or self. */
struct service {
        bool is_self;
        char *name;
        char *user, *group; /* names and ids, as written */
        char *audience, *scope, *role;
        char *unit;          /* NULL: any */
        uint32_t lifetime_s; /* 0: the audience's */
        uint32_t act_for;
};

/* Somebody else who signs tokens about people that have an account here. */
struct outside_issuer {
        char *url;
        char *jwks;     /* the file with his public keys */
        char *jwks_uri; /* where jeton-issuers fetches them; NULL: somebody else brings the file */
        char *audience; /* what his tokens call us */
        uint32_t algorithm; /* position in the table's words: outside_algorithm() */
};

enum password_grant {
        PASSWORD_GRANT_LOCAL = 0,
        PASSWORD_GRANT_WEB,
};

struct settings {
        char *issuer; /* empty: the one fixed at the first start */
        char *admin;  /* user names and uids, as written */
        uint32_t min_uid;
        uint32_t access_lifetime_s, max_lifetime_s, leeway_s;
        uint32_t workers;
        uint32_t max_connections, max_connections_per_uid;
        uint32_t max_calls_per_uid, max_hashes_per_uid;
        uint32_t request_s, idle_s;
        uint32_t max_registered_per_uid, max_registered_shared;
        char *metrics_group; /* NULL: none */
        uint32_t password_min;
        uint32_t password_max_age_s; /* 0: for ever */
        char *password_rules;        /* pwquality.conf(5) */
        char *password_blocklist;    /* empty: none */
        uint32_t password_grant;     /* enum password_grant */
        uint32_t refresh;            /* 1: logins are given a refresh token */
        uint32_t refresh_idle_s, refresh_lifetime_s;
        uint32_t registration; /* enum registration */
        uint32_t algorithm;    /* position in the table's words: settings_algorithm() */
        uint32_t key_rotate_s; /* 0: off */
        uint32_t key_prepare_s;
        char *audit_file; /* empty: the journal, or the log */
        uint32_t pam_workers;
        struct source *sources; /* in the order to ask them */
        size_t source_count;
        char *login_code; /* the PAM services that take login codes */
        uint32_t login_code_s;
        uint32_t log_level; /* position in the table's words: LOG_ERR is 0 */
        bool has_web;
        struct web web;
        struct audience *audiences;
        size_t audience_count;
        struct service *services;
        size_t service_count;
        struct outside_issuer *outside;
        size_t outside_count;
};

#define SETTINGS_ERROR_MAX 1024

/* This one may be missing. */
#define PASSWORD_RULES_DEFAULT "/etc/security/pwquality.conf"

/* Where to read, and as whom. */
struct settings_source {
        const char *file; /* borrowed; *.conf in conf.d beside it follow, in order of their names */
        bool must_exist;  /* false: a missing file means the defaults */
        bool single_uid;  /* --state: root is no admin unless named */
        bool is_foreign;  /* another host's: its stacks of PAM sources are not here */
};

/* 0; or -errno with "FILE:LINE: what is wrong" in ret_error. With 0 it holds such a line, too,
 * where something is good and will hardly work, and otherwise is empty. */
int settings_load(const struct settings_source *source, struct settings **ret,
                  char ret_error[SETTINGS_ERROR_MAX]);
void settings_free(struct settings *settings);

static inline void settings_freep(struct settings **settings) {
        settings_free(*settings);
        *settings = NULL;
}

/* Writes them in the syntax of the files: what settings_load() makes of it equals `settings`. */
void settings_print(const struct settings *settings, FILE *to);

/* Names each key that differs and that only a restart can change to `differs`, and puts the value
 * of `running` into `fresh`. 0 or -ENOMEM. */
int settings_keep_fixed(const struct settings *running, struct settings *fresh,
                        void (*differs)(const char *key));

/* An enum key_algorithm with public keys. */
uint32_t settings_algorithm(const struct settings *settings);

/* The process-wide level of common/log.h. */
int settings_log_level(const struct settings *settings);

#endif
