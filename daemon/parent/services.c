/* The identity sections and self: who may have which tokens by the kernel's word. Names of users
 * and groups are still names here; setup.c sends their ids. */
#include "services.h"

#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"
#include "../privsep/message.h"
#include "kernel.h"
#include "sections.h"

#include <string.h>

#define SERVICES_MAX 64 /* as the authority keeps */
#define MEMBERS_MAX  32

static enum section section_of(const struct service *service) {
        return service->is_self ? SECTION_SELF : SECTION_IDENTITY;
}

static int service_read(cfg_t *from, bool is_self, struct service *service) {
        service->is_self = is_self;
        service->name = strdup(is_self ? WIRE_CLIENT_LOCAL : cfg_title(from));
        if (!service->name)
                return -ENOMEM;
        return section_read(from, section_of(service), service);
}

int services_read(cfg_t *root, struct settings *settings) {
        unsigned i, count = cfg_size(root, "identity");
        int r = 0;

        settings->services = calloc(count + 1, sizeof *settings->services);
        if (!settings->services)
                return -ENOMEM;
        for (i = 0; r == 0 && i < count; i++)
                r = service_read(cfg_getnsec(root, "identity", i), false,
                                 &settings->services[settings->service_count++]);
        if (r == 0 && cfg_size(root, "self") > 0)
                r = service_read(cfg_getnsec(root, "self", 0), true,
                                 &settings->services[settings->service_count++]);
        return r;
}

/* ---- the rules ---- */

static size_t words_count(const char *words) {
        struct text list = text_of(words), word;
        size_t count = 0;

        while (text_next_word(&list, &word))
                count++;
        return count;
}

static const struct audience *audience_find(const struct settings *settings, struct text name) {
        size_t i;

        for (i = 0; i < settings->audience_count; i++)
                if (text_is(text_of(settings->audiences[i].name), name))
                        return &settings->audiences[i];
        return NULL;
}

static bool audience_has(const struct audience *audience, struct text scope) {
        size_t i;

        for (i = 0; audience && i < audience->scope_count; i++)
                if (text_is(text_of(audience->scopes[i].name), scope))
                        return true;
        return false;
}

/* The first that no section declares; TEXT_NONE: there is none. */
static struct text audience_undeclared(const struct settings *settings,
                                       const struct service *service) {
        struct text list = text_of(service->audience), word;

        while (text_next_word(&list, &word))
                if (!audience_find(settings, word) && !text_is(word, text_of(settings->issuer)))
                        return word;
        return TEXT_NONE;
}

static bool scope_is_declared(const struct settings *settings, const struct service *service,
                              struct text scope) {
        struct text list = text_of(service->audience), word;

        while (text_next_word(&list, &word))
                if (audience_has(audience_find(settings, word), scope))
                        return true;
        return false;
}

static struct text scope_undeclared(const struct settings *settings,
                                    const struct service *service) {
        struct text list = text_of(service->scope), word;

        while (text_next_word(&list, &word))
                if (!scope_is_declared(settings, service, word))
                        return word;
        return TEXT_NONE;
}

static bool lists_fit(const struct settings *settings, const struct service *service) {
        (void)settings;
        return strlen(service->audience) <= AUDIENCES_MAX && strlen(service->scope) <= SCOPE_MAX &&
               strlen(service->role) <= ROLES_MAX;
}

static bool members_fit(const struct settings *settings, const struct service *service) {
        (void)settings;
        return service->is_self ||
               words_count(service->user) + words_count(service->group) <= MEMBERS_MAX;
}

static bool has_members(const struct settings *settings, const struct service *service) {
        (void)settings;
        return service->is_self || *service->user || *service->group;
}

static bool has_purpose(const struct settings *settings, const struct service *service) {
        (void)settings;
        return *service->audience || (!service->is_self && service->act_for);
}

static bool lifetime_fits(const struct settings *settings, const struct service *service) {
        return service->lifetime_s <= settings->max_lifetime_s;
}

/* Who acts for others has the frontend of root's class, which is chosen at once. */
static bool unit_acts_for_nobody(const struct settings *settings, const struct service *service) {
        (void)settings;
        return !service->unit || !service->act_for;
}

static bool unit_can_be_asked(const struct settings *settings, const struct service *service) {
        (void)settings;
        return !service->unit || kernel_tells_peers();
}

static bool unit_can_be_found(const struct settings *settings, const struct service *service) {
        (void)settings;
        return !service->unit || kernel_has_cgroups();
}

static const struct {
        bool (*holds)(const struct settings *settings, const struct service *service);
        const char *key, *otherwise;
} rules[] = {
        {has_members, NULL, "this identity is nobody's: it needs user or group"},
        {has_purpose, NULL, "this section opens nothing: it needs an audience"},
        {members_fit, "user", "at most 32 users and groups in one identity"},
        {lists_fit, NULL, "a list in this section is too long"},
        {unit_acts_for_nobody, "unit",
         "unit and act-for do not go together: act-for goes by ids alone"},
        {unit_can_be_asked, "unit",
         "unit: this kernel does not tell which process is at the other end of a socket "
         "(SO_PEERPIDFD, Linux 6.5)"},
        {unit_can_be_found, "unit", "unit: this host has no cgroups of version 2 to find units in"},
        {lifetime_fits, "lifetime", "lifetime is longer than max-lifetime"},
};

static const struct {
        struct text (*undeclared)(const struct settings *settings, const struct service *service);
        const char *key, *otherwise;
} lists[] = {
        {audience_undeclared, "audience", "by no section audience, and is not the issuer"},
        {scope_undeclared, "scope", "by none of these audiences"},
};

static int lists_check(const struct config *config, const struct settings *settings,
                       const struct service *service, const cfg_t *section) {
        char what[AUDIENCE_MAX + 80];
        struct text word;
        size_t i;

        for (i = 0; i < ELEMENTS(lists); i++) {
                word = lists[i].undeclared(settings, service);
                if (word.len == 0)
                        continue;
                snprintf(what, sizeof what, "the %s '%.*s' is declared %s", lists[i].key,
                         TEXT_ARGS(word), lists[i].otherwise);
                return config_error(config, section, lists[i].key, what);
        }
        return 0;
}

static int service_check(const struct config *config, const struct settings *settings,
                         const struct service *service, const cfg_t *section) {
        size_t i;

        for (i = 0; i < ELEMENTS(rules); i++)
                if (!rules[i].holds(settings, service))
                        return config_error(config, section, rules[i].key, rules[i].otherwise);
        return lists_check(config, settings, service, section);
}

int services_check(const struct config *config, const struct settings *settings) {
        cfg_t *root = config_root(config);
        unsigned i;
        int r = 0;

        if (settings->service_count > SERVICES_MAX)
                return config_error(config, cfg_getnsec(root, "identity", 0), NULL,
                                    "more than 64 sections identity");
        for (i = 0; r == 0 && i < settings->service_count; i++) {
                const struct service *service = &settings->services[i];

                r = service_check(config, settings, service,
                                  service->is_self ? cfg_getnsec(root, "self", 0)
                                                   : cfg_getnsec(root, "identity", i));
        }
        return r;
}

/* ---- the end, and back to text ---- */

void services_clear(struct settings *settings) {
        size_t i;

        for (i = 0; i < settings->service_count; i++) {
                section_clear(section_of(&settings->services[i]), &settings->services[i]);
                free(settings->services[i].name);
        }
        free(settings->services);
        settings->services = NULL;
        settings->service_count = 0;
}

void services_print(const struct settings *settings, FILE *to) {
        size_t i;

        for (i = 0; i < settings->service_count; i++) {
                const struct service *service = &settings->services[i];

                fputs(service->is_self ? "\nself" : "\nidentity ", to);
                if (!service->is_self)
                        quoted_print(service->name, to);
                fputs(" {\n", to);
                section_print(section_of(service), service, 8, to);
                fputs("}\n", to);
        }
}
