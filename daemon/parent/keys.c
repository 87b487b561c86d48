/* The table of keys: name, type, default, bounds, and whether a reload may change it. The manual
 * page jetond.conf(5) is its prose. */
#include "keys.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/claims.h"
#include "../../common/name.h"
#include "identities.h"
#include "outside.h"
#include "sources.h"
#include "settings.h"

#include <limits.h>
#include <string.h>

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const char *const truths[] = {"false", "true", NULL};
static const char *const password_grants[] = {
        [PASSWORD_GRANT_LOCAL] = "local",
        [PASSWORD_GRANT_WEB] = "web",
        NULL,
};

static const char *const registrations[] = {
        [REGISTRATION_CLOSED] = "closed",
        [REGISTRATION_OPEN] = "open",
        NULL,
};

/* The order is that of enum token_kind. */
static const char *const token_types[] = {"at+jwt", "JWT", NULL};

/* The order is that of enum key_algorithm. For the issuer itself it is one whose keys are
 * published, because the PAM module and libjeton verify by the page; KEY_ES256 is the first. */
static const char *const algorithms[] = {"default", "ES256", "RS256", "EdDSA", "HS256", NULL};
static const char *const public_algorithms[] = {"ES256", "RS256", "EdDSA", NULL};

/* Those with public keys that every libjwt 1.x verifies. The order is that of enum key_algorithm,
 * from KEY_ES256 on. */
static const char *const outside_algorithms[] = {"ES256", "RS256", NULL};

/* The order is that of syslog(3), from LOG_ERR on. */
static const char *const log_levels[] = {"error", "warning", "notice", "info", "debug", NULL};

static const char *const yes_or_no[] = {"false", "true", NULL};

static bool is_path(struct text word) {
        return word.len > 1 && word.p[0] == '/' && text_is_printable_utf8(word) &&
               !text_has(word, ' ');
}

/* A frame holds so much and no more of it (privsep/message.h). */
static bool is_directory(struct text word) {
        return is_path(word) && word.len <= DIRECTORY_MAX;
}

/* The folder is opened by its path, the file in it by its name. */
static bool is_file_path(struct text word) {
        struct text name = word;

        if (!is_path(word) || word.len >= PATH_MAX)
                return false;
        while (text_has(name, '/'))
                name = (struct text){name.p + 1, name.len - 1};
        return name.len > 0 && name.len <= JWKS_NAME_MAX && !text_is(name, TEXT(".")) &&
               !text_is(name, TEXT(".."));
}

#define IN(part, structure, field) \
        .section = SECTION_##part, .offset = offsetof(struct structure, field)

const struct key keys[] = {
        {.name = "issuer",
         IN(ROOT, settings, issuer),
         .kind = VALUE_WORD,
         .is_good = name_is_issuer,
         .must_be = "https://, a host and no query or fragment",
         .fixed = true},
        {.name = "admin",
         IN(ROOT, settings, admin),
         .kind = VALUE_LIST,
         .initial = "root",
         .system_only = true,
         .is_good = account_exists,
         .must_be = "a user of this host or a uid"},
        {.name = "min-uid",
         IN(ROOT, settings, min_uid),
         .kind = VALUE_NUMBER,
         .initial = "1000",
         .least = 1,
         .most = UINT32_MAX - 2},
        {.name = "access-lifetime",
         IN(ROOT, settings, access_lifetime_s),
         .kind = VALUE_DURATION,
         .initial = "15m",
         .least = 10,
         .most = 7 * DAY},
        {.name = "max-lifetime",
         IN(ROOT, settings, max_lifetime_s),
         .kind = VALUE_DURATION,
         .initial = "7d",
         .least = 30,
         .most = 7 * DAY},
        {.name = "leeway",
         IN(ROOT, settings, leeway_s),
         .kind = VALUE_DURATION,
         .initial = "10s",
         .most = LEEWAY_MAX_S},
        {.name = "workers",
         IN(ROOT, settings, workers),
         .kind = VALUE_NUMBER,
         .least = 2,
         .most = 64,
         .fixed = true},
        {.name = "max-connections",
         IN(ROOT, settings, max_connections),
         .kind = VALUE_NUMBER,
         .initial = "4096",
         .least = 16,
         .most = 65536,
         .fixed = true},
        {.name = "max-connections-per-uid",
         IN(ROOT, settings, max_connections_per_uid),
         .kind = VALUE_NUMBER,
         .initial = "256",
         .least = 1,
         .most = 65536},
        {.name = "max-calls-per-uid",
         IN(ROOT, settings, max_calls_per_uid),
         .kind = VALUE_NUMBER,
         .initial = "128",
         .least = 1,
         .most = 65536},
        {.name = "max-hashes-per-uid",
         IN(ROOT, settings, max_hashes_per_uid),
         .kind = VALUE_NUMBER,
         .initial = "32",
         .least = 1,
         .most = 512},
        {.name = "metrics-group",
         IN(ROOT, settings, metrics_group),
         .kind = VALUE_WORD,
         .is_good = group_exists,
         .must_be = "a group of this host or a gid"},
        {.name = "request-timeout",
         IN(ROOT, settings, request_s),
         .kind = VALUE_DURATION,
         .initial = "10s",
         .least = 1,
         .most = 5 * MINUTE},
        {.name = "idle-timeout",
         IN(ROOT, settings, idle_s),
         .kind = VALUE_DURATION,
         .initial = "1m",
         .least = 1,
         .most = 1 * HOUR},
        {.name = "password-min",
         IN(ROOT, settings, password_min),
         .kind = VALUE_NUMBER,
         .initial = "8",
         .least = 1,
         .most = 128},
        {.name = "password-max-age",
         IN(ROOT, settings, password_max_age_s),
         .kind = VALUE_DURATION,
         .initial = "0s",
         .most = 3650u * DAY},
        {.name = "password-rules",
         IN(ROOT, settings, password_rules),
         .kind = VALUE_WORD,
         .initial = PASSWORD_RULES_DEFAULT,
         .is_good = is_path,
         .must_be = "an absolute path"},
        {.name = "password-blocklist",
         IN(ROOT, settings, password_blocklist),
         .kind = VALUE_WORD,
         .is_good = is_path,
         .must_be = "an absolute path"},
        {.name = "password-grant",
         IN(ROOT, settings, password_grant),
         .kind = VALUE_CHOICE,
         .initial = "local",
         .choices = password_grants},
        {.name = "refresh",
         IN(ROOT, settings, refresh),
         .kind = VALUE_CHOICE,
         .initial = "true",
         .choices = truths},
        {.name = "refresh-idle",
         IN(ROOT, settings, refresh_idle_s),
         .kind = VALUE_DURATION,
         .initial = "30d",
         .least = MINUTE,
         .most = 365 * DAY},
        {.name = "refresh-lifetime",
         IN(ROOT, settings, refresh_lifetime_s),
         .kind = VALUE_DURATION,
         .initial = "90d",
         .least = MINUTE,
         .most = 3650 * DAY},
        {.name = "registration",
         IN(ROOT, settings, registration),
         .kind = VALUE_CHOICE,
         .initial = "closed",
         .choices = registrations},
        {.name = "max-registered-per-uid",
         IN(ROOT, settings, max_registered_per_uid),
         .kind = VALUE_NUMBER,
         .initial = "64",
         .most = 65536},
        {.name = "max-registered-shared",
         IN(ROOT, settings, max_registered_shared),
         .kind = VALUE_NUMBER,
         .initial = "4096",
         .most = 65536},
        {.name = "algorithm",
         IN(ROOT, settings, algorithm),
         .kind = VALUE_CHOICE,
         .initial = "ES256",
         .choices = public_algorithms},
        {.name = "key-rotate",
         IN(ROOT, settings, key_rotate_s),
         .kind = VALUE_DURATION,
         .initial = "90d",
         .most = 3650u * DAY},
        {.name = "key-prepare",
         IN(ROOT, settings, key_prepare_s),
         .kind = VALUE_DURATION,
         .initial = "6m",
         .most = 7 * DAY},
        {.name = "login-code",
         IN(ROOT, settings, login_code),
         .kind = VALUE_LIST,
         .initial = "{login, sshd}",
         .is_good = name_is_service,
         .must_be = "a PAM service"},
        {.name = "login-code-lifetime",
         IN(ROOT, settings, login_code_s),
         .kind = VALUE_DURATION,
         .initial = "60s",
         .least = 1,
         .most = MINUTE},
        {.name = "audit-file",
         IN(ROOT, settings, audit_file),
         .kind = VALUE_WORD,
         .is_good = is_path,
         .must_be = "an absolute path",
         .fixed = true},
        {.name = "log-level",
         IN(ROOT, settings, log_level),
         .kind = VALUE_CHOICE,
         .initial = "info",
         .choices = log_levels,
         .fixed = true},

        {.name = "pam-workers",
         IN(ROOT, settings, pam_workers),
         .kind = VALUE_NUMBER,
         .initial = "4",
         .least = 1,
         .most = PAM_WORKERS_MAX,
         .fixed = true},

        {.name = "min-uid",
         IN(SOURCE, source, min_uid),
         .kind = VALUE_NUMBER,
         .least = 1,
         .most = UINT32_MAX - 2,
         .fixed = true},
        {.name = "create",
         IN(SOURCE, source, create),
         .kind = VALUE_CHOICE,
         .initial = "false",
         .choices = truths,
         .fixed = true},
        {.name = "timeout",
         IN(SOURCE, source, timeout_s),
         .kind = VALUE_DURATION,
         .initial = "5s",
         .least = 1,
         .most = 10,
         .fixed = true},
        {.name = "directory",
         IN(SOURCE, source, directory),
         .kind = VALUE_WORD,
         .is_good = is_directory,
         .must_be = "an absolute path of 255 bytes at most",
         .fixed = true},

        {.name = "socket",
         IN(WEB, web, socket),
         .kind = VALUE_WORD,
         .is_good = is_path,
         .must_be = "an absolute path",
         .fixed = true},
        {.name = "group",
         IN(WEB, web, group),
         .kind = VALUE_WORD,
         .initial = "www-data",
         .is_good = group_exists,
         .must_be = "a group of this host or a gid",
         .fixed = true},

        {.name = "lifetime",
         IN(AUDIENCE, audience, lifetime_s),
         .kind = VALUE_DURATION,
         .least = 10,
         .most = 7 * DAY},
        {.name = "typ",
         IN(AUDIENCE, audience, kind),
         .kind = VALUE_CHOICE,
         .initial = "at+jwt",
         .choices = token_types},
        {.name = "alg",
         IN(AUDIENCE, audience, algorithm),
         .kind = VALUE_CHOICE,
         .initial = "default",
         .choices = algorithms},
        {.name = "role",
         IN(AUDIENCE, audience, roles),
         .kind = VALUE_LIST,
         .is_good = name_is_role,
         .must_be = "a role"},

        {.name = "role",
         IN(SCOPE, scope, roles),
         .kind = VALUE_LIST,
         .is_good = name_is_role,
         .must_be = "a role"},

        {.name = "user",
         IN(IDENTITY, service, user),
         .kind = VALUE_LIST,
         .is_good = account_exists,
         .must_be = "a user of this host or a uid"},
        {.name = "group",
         IN(IDENTITY, service, group),
         .kind = VALUE_LIST,
         .is_good = group_exists,
         .must_be = "a group of this host or a gid"},
        {.name = "audience",
         IN(IDENTITY, service, audience),
         .kind = VALUE_LIST,
         .is_good = name_is_audience,
         .must_be = "an audience"},
        {.name = "scope",
         IN(IDENTITY, service, scope),
         .kind = VALUE_LIST,
         .is_good = name_is_scope,
         .must_be = "a scope"},
        {.name = "role",
         IN(IDENTITY, service, role),
         .kind = VALUE_LIST,
         .is_good = name_is_role,
         .must_be = "a role"},
        {.name = "lifetime",
         IN(IDENTITY, service, lifetime_s),
         .kind = VALUE_DURATION,
         .least = 10,
         .most = 7 * DAY},
        {.name = "act-for",
         IN(IDENTITY, service, act_for),
         .kind = VALUE_CHOICE,
         .initial = "false",
         .choices = yes_or_no},
        {.name = "unit",
         IN(IDENTITY, service, unit),
         .kind = VALUE_WORD,
         .is_good = name_is_unit,
         .must_be = "a unit of systemd: NAME.service or NAME.scope"},

        {.name = "audience",
         IN(SELF, service, audience),
         .kind = VALUE_LIST,
         .is_good = name_is_audience,
         .must_be = "an audience"},
        {.name = "scope",
         IN(SELF, service, scope),
         .kind = VALUE_LIST,
         .is_good = name_is_scope,
         .must_be = "a scope"},
        {.name = "role",
         IN(SELF, service, role),
         .kind = VALUE_LIST,
         .is_good = name_is_role,
         .must_be = "a role"},
        {.name = "lifetime",
         IN(SELF, service, lifetime_s),
         .kind = VALUE_DURATION,
         .least = 10,
         .most = 7 * DAY},

        {.name = "jwks",
         IN(OUTSIDE, outside_issuer, jwks),
         .kind = VALUE_WORD,
         .is_good = is_file_path,
         .must_be = "the absolute path of a file"},
        {.name = "jwks-uri",
         IN(OUTSIDE, outside_issuer, jwks_uri),
         .kind = VALUE_WORD,
         .is_good = name_is_https,
         .must_be = "https://, a host and no fragment"},
        {.name = "audience",
         IN(OUTSIDE, outside_issuer, audience),
         .kind = VALUE_LIST,
         .is_good = name_is_scope,
         .must_be = "printable ASCII without spaces, quotes and backslashes"},
        {.name = "alg",
         IN(OUTSIDE, outside_issuer, algorithm),
         .kind = VALUE_CHOICE,
         .initial = "RS256",
         .choices = outside_algorithms},
};

const size_t key_count = ELEMENTS(keys);
_Static_assert(ELEMENTS(keys) <= KEYS_MAX, "config.c has room for them");

bool title_is_good(enum section section, struct text title) {
        switch (section) {
        case SECTION_AUDIENCE:
                return name_is_audience(title);
        case SECTION_SCOPE:
                return name_is_scope(title);
        case SECTION_IDENTITY:
                return name_is_client(title);
        case SECTION_SOURCE:
                return source_is_known(title);
        case SECTION_OUTSIDE:
                return name_is_issuer(title);
        case SECTION_ROOT:
        case SECTION_WEB:
        case SECTION_SELF:
                break;
        }
        return title.len == 0;
}

const char *title_must_be(enum section section) {
        if (section != SECTION_OUTSIDE)
                return "";
        return ": it must be https://, a host and no query or fragment, as in iss of its tokens";
}

const struct key *key_find(enum section section, const char *name) {
        size_t i;

        for (i = 0; i < key_count; i++)
                if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}
