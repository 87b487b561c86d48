/* The audience sections: who tokens may be for, and who may have them. */
#include "audiences.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "../../common/wire/wire.h"
#include "sections.h"

#include <string.h>

static int scope_read(cfg_t *from, struct scope *scope) {
        scope->name = strdup(cfg_title(from));
        if (!scope->name)
                return -ENOMEM;
        return section_read(from, SECTION_SCOPE, scope);
}

static int audience_read(cfg_t *from, struct audience *audience) {
        unsigned i;
        int r;

        audience->name = strdup(cfg_title(from));
        audience->scopes = calloc(cfg_size(from, "scope") + 1, sizeof *audience->scopes);
        if (!audience->name || !audience->scopes)
                return -ENOMEM;
        r = section_read(from, SECTION_AUDIENCE, audience);
        for (i = 0; r == 0 && i < cfg_size(from, "scope"); i++)
                r = scope_read(cfg_getnsec(from, "scope", i),
                               &audience->scopes[audience->scope_count++]);
        return r;
}

int audiences_read(cfg_t *root, struct settings *settings) {
        unsigned i;
        int r = 0;

        settings->audiences = calloc(cfg_size(root, "audience") + 1, sizeof *settings->audiences);
        if (!settings->audiences)
                return -ENOMEM;
        for (i = 0; r == 0 && i < cfg_size(root, "audience"); i++)
                r = audience_read(cfg_getnsec(root, "audience", i),
                                  &settings->audiences[settings->audience_count++]);
        return r;
}

/* A frame holds so much and no more of a list of roles (privsep/message.h). */
static int roles_check(const struct config *config, const cfg_t *section, const char *roles) {
        if (strlen(roles) <= ROLES_MAX)
                return 0;
        return config_error(config, section, "role", "this list of roles is too long");
}

static int audience_check(const struct config *config, const struct settings *settings,
                          unsigned at) {
        cfg_t *section = cfg_getnsec(config_root(config), "audience", at);
        const struct audience *audience = &settings->audiences[at];
        unsigned i;
        int r;

        if (strcmp(audience->name, WIRE_TICKET_AUDIENCE) == 0)
                return config_error(config, section, NULL,
                                    "this audience is that of login tickets");
        if (settings->issuer && strcmp(audience->name, settings->issuer) == 0)
                return config_error(config, section, NULL,
                                    "the issuer is an audience already, and needs no section");
        if (audience->lifetime_s > settings->max_lifetime_s)
                return config_error(config, section, "lifetime",
                                    "lifetime is longer than max-lifetime");
        r = roles_check(config, section, audience->roles);
        for (i = 0; r == 0 && i < audience->scope_count; i++)
                r = roles_check(config, cfg_getnsec(section, "scope", i),
                                audience->scopes[i].roles);
        return r;
}

int audiences_check(const struct config *config, const struct settings *settings) {
        unsigned i;
        int r = 0;

        for (i = 0; r == 0 && i < settings->audience_count; i++)
                r = audience_check(config, settings, i);
        return r;
}

static void audience_clear(struct audience *audience) {
        size_t i;

        for (i = 0; i < audience->scope_count; i++) {
                section_clear(SECTION_SCOPE, &audience->scopes[i]);
                free(audience->scopes[i].name);
        }
        free(audience->scopes);
        section_clear(SECTION_AUDIENCE, audience);
        free(audience->name);
}

void audiences_clear(struct settings *settings) {
        size_t i;

        for (i = 0; i < settings->audience_count; i++)
                audience_clear(&settings->audiences[i]);
        free(settings->audiences);
        settings->audiences = NULL;
        settings->audience_count = 0;
}

static void scope_print(const struct scope *scope, FILE *to) {
        fputs("        scope ", to);
        quoted_print(scope->name, to);
        fputs(" {\n", to);
        section_print(SECTION_SCOPE, scope, 16, to);
        fputs("        }\n", to);
}

void audiences_print(const struct settings *settings, FILE *to) {
        size_t i, k;

        for (i = 0; i < settings->audience_count; i++) {
                const struct audience *audience = &settings->audiences[i];

                fputs("\naudience ", to);
                quoted_print(audience->name, to);
                fputs(" {\n", to);
                section_print(SECTION_AUDIENCE, audience, 8, to);
                for (k = 0; k < audience->scope_count; k++)
                        scope_print(&audience->scopes[k], to);
                fputs("}\n", to);
        }
}
