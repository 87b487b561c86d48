/* Collects the set-up messages of the parent into one settings object. Knows their order, not their
 * meaning. */
#include "settings.h"

#include "../../common/cleanup.h"

#include <string.h>

struct settings *settings_ref(struct settings *settings) {
        settings->references++;
        return settings;
}

static void identity_clear(struct identity_rule *identity) {
        freep(&identity->name);
        freep(&identity->audiences);
        freep(&identity->scopes);
        freep(&identity->roles);
        freep(&identity->unit);
}

void settings_unref(struct settings *settings) {
        size_t i, k;

        if (!settings || --settings->references > 0)
                return;
        for (i = 0; i < settings->audience_count; i++) {
                struct audience_rule *audience = &settings->audiences[i];

                for (k = 0; k < audience->scope_count; k++) {
                        free(audience->scopes[k].name);
                        free(audience->scopes[k].roles);
                }
                free(audience->name);
                free(audience->roles);
        }
        for (i = 0; i < settings->identity_count; i++)
                identity_clear(&settings->identities[i]);
        for (i = 0; i < settings->outside_count; i++)
                free(settings->outside[i]);
        free(settings->login_code_services);
        free(settings);
}

static int keep(struct text text, char **ret) {
        char *copy = strndup(text.p ? text.p : "", text.len);

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

static int scope_add(struct audience_rule *audience, struct text name, struct text roles) {
        struct scope_rule *scope;
        int r;

        if (audience->scope_count == SETTINGS_SCOPES_MAX)
                return -EPROTO;
        scope = &audience->scopes[audience->scope_count];
        r = keep(name, &scope->name);
        if (r < 0)
                return r;
        r = keep(roles, &scope->roles);
        if (r < 0) {
                freep(&scope->name);
                return r;
        }
        audience->scope_count++;
        return 0;
}

static int audience_add(struct settings *settings, const struct msg_setup_audience *said) {
        struct audience_rule *audience;
        int r;

        if (settings->audience_count == SETTINGS_AUDIENCES_MAX)
                return -EPROTO;
        audience = &settings->audiences[settings->audience_count];
        r = keep(said->name, &audience->name);
        if (r < 0)
                return r;
        r = keep(said->roles, &audience->roles);
        if (r < 0) {
                freep(&audience->name);
                return r;
        }
        audience->lifetime_s = said->lifetime_s ? said->lifetime_s : settings->access_lifetime_s;
        audience->kind = said->kind;
        audience->algorithm = said->algorithm ? said->algorithm : settings->algorithm;
        settings->audience_count++;
        return 0;
}

/* The issuer is the audience of tokens for jeton itself. Its one scope opens the administration to
 * users who have the role for it. */
static int audience_add_issuer(struct settings *settings) {
        struct msg_setup_audience issuer = {
                .name = text_of(settings->issuer),
                .kind = TOKEN_KIND_ACCESS,
        };
        int r;

        r = audience_add(settings, &issuer);
        if (r < 0)
                return r;
        return scope_add(&settings->audiences[0], TEXT(ADMIN_SCOPE), TEXT(ADMIN_ROLE));
}

static int identity_add(struct settings *settings, const struct msg_setup_identity *said) {
        struct identity_rule *identity;
        int r;

        if (settings->identity_count == SETTINGS_IDENTITIES_MAX)
                return -EPROTO;
        identity = &settings->identities[settings->identity_count];
        *identity = (struct identity_rule){
                .lifetime_s = said->lifetime_s,
                .act_for = said->act_for,
                .is_self = said->is_self,
        };
        r = keep(said->name, &identity->name);
        if (r == 0)
                r = keep(said->audiences, &identity->audiences);
        if (r == 0)
                r = keep(said->scopes, &identity->scopes);
        if (r == 0)
                r = keep(said->roles, &identity->roles);
        if (r == 0)
                r = keep(said->unit, &identity->unit);
        if (r < 0)
                identity_clear(identity);
        else
                settings->identity_count++;
        return r;
}

static int member_add(struct settings *settings, const struct msg_setup_member *said) {
        struct identity_rule *identity;

        if (settings->identity_count == 0)
                return -EPROTO;
        identity = &settings->identities[settings->identity_count - 1];
        if (identity->is_self || identity->member_count == SETTINGS_MEMBERS_MAX)
                return -EPROTO;
        identity->members[identity->member_count++] =
                (struct member){.is_group = said->is_group, .id = said->id};
        return 0;
}

static int settings_begin(struct settings **settings, const struct msg_setup_authority *said) {
        struct settings *new = calloc(1, sizeof *new);
        int r;

        if (!new)
                return -ENOMEM;
        new->references = 1;
        new->access_lifetime_s = said->access_lifetime_s;
        new->min_uid = said->min_uid;
        new->password_grant_web = said->password_grant_web;
        new->registration_open = said->registration_open;
        new->max_registered_per_uid = said->max_registered_per_uid;
        new->max_registered_shared = said->max_registered_shared;
        new->max_connections = said->max_connections;
        new->max_connections_per_uid = said->max_connections_per_uid;
        new->password_min = said->password_min;
        new->password_max_age_s = said->password_max_age_s;
        new->leeway_s = said->leeway_s;
        new->refresh = said->refresh;
        new->refresh_idle_s = said->refresh_idle_s;
        new->refresh_lifetime_s = said->refresh_lifetime_s;
        new->max_calls_per_uid = said->max_calls_per_uid;
        new->max_hashes_per_uid = said->max_hashes_per_uid;
        new->algorithm = said->algorithm;
        new->pam_workers = said->pam_workers;
        new->login_code_s = said->login_code_s;
        new->metrics_gid = said->metrics_gid;
        r = text_copy(said->issuer, new->issuer, sizeof new->issuer);
        if (r == 0)
                r = keep(said->login_code_services, &new->login_code_services);
        if (r == 0)
                r = audience_add_issuer(new);
        if (r < 0) {
                settings_unref(new);
                return r;
        }
        settings_unref(*settings);
        *settings = new;
        return 0;
}

static int admin_add(struct settings *settings, uint32_t uid) {
        if (settings->admin_count == SETTINGS_ADMINS_MAX)
                return -EPROTO;
        settings->admins[settings->admin_count++] = uid;
        return 0;
}

static int source_add(struct settings *settings, const struct msg_setup_source *said) {
        struct source_rule *source = &settings->sources[settings->source_count];

        if (settings->source_count == SETTINGS_SOURCES_MAX || said->kind == 0)
                return -EPROTO;
        source->kind = said->kind;
        source->min_uid = said->min_uid;
        source->create = said->create;
        settings->source_count++;
        return text_copy(said->name, source->name, sizeof source->name);
}

static int outside_add(struct settings *settings, struct text url) {
        int r;

        if (settings->outside_count == OUTSIDE_ISSUERS_MAX || url.len == 0)
                return -EPROTO;
        r = keep(url, &settings->outside[settings->outside_count]);
        if (r == 0)
                settings->outside_count++;
        return r;
}

int settings_take(struct settings **settings, const struct frame *frame) {
        const union message *said = &frame->message;

        if (frame->type == MSG_SETUP_AUTHORITY)
                return settings_begin(settings, &said->setup_authority);
        if (!*settings)
                return -EPROTO;
        switch (frame->type) {
        case MSG_SETUP_ADMIN:
                return admin_add(*settings, said->setup_admin.uid);
        case MSG_SETUP_AUDIENCE:
                return audience_add(*settings, &said->setup_audience);
        case MSG_SETUP_SCOPE:
                return scope_add(&(*settings)->audiences[(*settings)->audience_count - 1],
                                 said->setup_scope.name, said->setup_scope.roles);
        case MSG_SETUP_IDENTITY:
                return identity_add(*settings, &said->setup_identity);
        case MSG_SETUP_MEMBER:
                return member_add(*settings, &said->setup_member);
        case MSG_SETUP_SOURCE:
                return source_add(*settings, &said->setup_source);
        case MSG_SETUP_ISSUER:
                return outside_add(*settings, said->setup_issuer.url);
        default:
                return -EPROTO;
        }
}

bool settings_is_admin(const struct settings *settings, uint32_t uid) {
        size_t i;

        for (i = 0; i < settings->admin_count; i++)
                if (settings->admins[i] == uid)
                        return true;
        return false;
}

uint32_t settings_longest_lifetime(const struct settings *settings) {
        uint32_t longest = settings->access_lifetime_s;
        size_t i;

        for (i = 0; i < settings->audience_count; i++)
                if (settings->audiences[i].lifetime_s > longest)
                        longest = settings->audiences[i].lifetime_s;
        return longest;
}
