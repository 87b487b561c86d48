/* From checked values to the settings of one jetond: defaults, the rules between keys, and back to
 * text. The sections of audiences are in audiences.c. */
#include "settings.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/pages.h"
#include "../../common/name.h"
#include "audiences.h"
#include "outside.h"
#include "sections.h"
#include "services.h"
#include "sources.h"

#include <sched.h>
#include <string.h>
#include <syslog.h>

#define WORKERS_LEAST 2 /* a new hash is stored only when two workers computed the same */
#define WORKERS_MOST  64

static uint32_t workers_default(void) {
        cpu_set_t cores;
        uint32_t count = WORKERS_LEAST;

        if (sched_getaffinity(0, sizeof cores, &cores) == 0)
                count = (uint32_t)CPU_COUNT(&cores);
        if (count < WORKERS_LEAST)
                return WORKERS_LEAST;
        return count > WORKERS_MOST ? WORKERS_MOST : count;
}

static int web_read(cfg_t *root, struct settings *settings) {
        settings->has_web = cfg_size(root, "web") > 0;
        if (!settings->has_web)
                return 0;
        return section_read(cfg_getnsec(root, "web", 0), SECTION_WEB, &settings->web);
}

static int lifetimes_check(const struct config *config, const struct settings *settings) {
        if (settings->access_lifetime_s <= settings->max_lifetime_s)
                return 0;
        return config_error(config, config_root(config), "access-lifetime",
                            "access-lifetime is longer than max-lifetime");
}

static int connections_check(const struct config *config, const struct settings *settings) {
        if (settings->max_connections_per_uid <= settings->max_connections)
                return 0;
        return config_error(config, config_root(config), "max-connections-per-uid",
                            "max-connections-per-uid is more than max-connections");
}

/* A frame holds so much and no more of it (privsep/message.h). */
static int login_code_check(const struct config *config, const struct settings *settings) {
        if (strlen(settings->login_code) <= SERVICE_LIST_MAX)
                return 0;
        return config_error(config, config_root(config), "login-code",
                            "this list of services is too long");
}

static int web_check(const struct config *config, const struct settings *settings) {
        if (settings->password_grant == PASSWORD_GRANT_LOCAL || settings->has_web)
                return 0;
        return config_error(config, config_root(config), "password-grant",
                            "password-grant is web, and there is no section web");
}

static int settings_read(const struct config *config, bool is_foreign, struct settings *settings) {
        cfg_t *root = config_root(config);
        int r;

        r = section_read(root, SECTION_ROOT, settings);
        if (r == 0)
                r = web_read(root, settings);
        if (r == 0)
                r = audiences_read(root, settings);
        if (r == 0)
                r = services_read(root, settings);
        if (r == 0)
                r = sources_read(root, settings);
        if (r == 0)
                r = outside_read(root, settings);
        if (r)
                return r;
        if (settings->workers == 0)
                settings->workers = workers_default();
        r = lifetimes_check(config, settings);
        if (r == 0)
                r = connections_check(config, settings);
        if (r == 0)
                r = login_code_check(config, settings);
        if (r == 0)
                r = web_check(config, settings);
        if (r == 0)
                r = audiences_check(config, settings);
        if (r == 0)
                r = sources_check(config, is_foreign, settings);
        if (r == 0)
                r = outside_check(config, settings);
        return r ? r : services_check(config, settings);
}

int settings_load(const struct settings_source *source, struct settings **ret,
                  char ret_error[SETTINGS_ERROR_MAX]) {
        _cleanup_(settings_freep) struct settings *settings = calloc(1, sizeof *settings);
        _cleanup_(config_freep) struct config *config = NULL;
        int r;

        ret_error[0] = '\0';
        if (!settings)
                return -ENOMEM;
        r = config_read(source, ret_error, &config);
        if (r == 0)
                r = settings_read(config, source->is_foreign, settings);
        if (r == 0) {
                if (!source->single_uid && !source->is_foreign)
                        outside_doubt(config, settings);
                *ret = take(settings);
                return 0;
        }
        if (!*ret_error)
                snprintf(ret_error, SETTINGS_ERROR_MAX, "%s: %s", source->file, strerror(-r));
        return r;
}

void settings_free(struct settings *settings) {
        if (!settings)
                return;
        section_clear(SECTION_ROOT, settings);
        section_clear(SECTION_WEB, &settings->web);
        audiences_clear(settings);
        services_clear(settings);
        sources_clear(settings);
        outside_clear(settings);
        free(settings);
}

void settings_print(const struct settings *settings, FILE *to) {
        section_print(SECTION_ROOT, settings, 0, to);
        if (settings->has_web) {
                fputs("\nweb {\n", to);
                section_print(SECTION_WEB, &settings->web, 8, to);
                fputs("}\n", to);
        }
        sources_print(settings, to);
        audiences_print(settings, to);
        services_print(settings, to);
        outside_print(settings, to);
}

static void say_nothing(const char *key) {
        (void)key;
}

int settings_keep_fixed(const struct settings *running, struct settings *fresh,
                        void (*differs)(const char *key)) {
        bool web_differs = running->has_web != fresh->has_web;
        int r;

        r = section_keep_fixed(SECTION_ROOT, running, fresh, differs);
        if (r == 0)
                r = sources_keep_fixed(running, fresh, differs);
        if (r)
                return r;
        if (web_differs)
                differs("web");
        fresh->has_web = running->has_web;
        return section_keep_fixed(SECTION_WEB, &running->web, &fresh->web,
                                  web_differs ? say_nothing : differs);
}

uint32_t settings_algorithm(const struct settings *settings) {
        return settings->algorithm + KEY_ES256;
}

int settings_log_level(const struct settings *settings) {
        return LOG_ERR + (int)settings->log_level;
}
