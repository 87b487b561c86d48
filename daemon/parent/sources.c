/* The source sections: who is asked whether a password is right, in which order. */
#include "sources.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "keys.h"
#include "pam_stack.h"
#include "sections.h"

#include <string.h>

#define DATABASE   "database"
#define PAM_PREFIX "pam:"

bool source_is_known(struct text title) {
        const struct text prefix = TEXT(PAM_PREFIX);

        if (text_is(title, TEXT(DATABASE)))
                return true;
        return title.len > prefix.len && memcmp(title.p, prefix.p, prefix.len) == 0 &&
               name_is_service((struct text){title.p + prefix.len, title.len - prefix.len});
}

enum source_kind source_kind(const struct source *source) {
        return strcmp(source->name, DATABASE) == 0 ? SOURCE_DATABASE : SOURCE_PAM;
}

const char *source_service(const struct source *source) {
        return source->name + strlen(PAM_PREFIX);
}

const char *source_directory(const struct source *source) {
        return source->directory ? source->directory : PAM_DIRECTORY;
}

uint32_t source_min_uid(const struct settings *settings, const struct source *source) {
        return source->min_uid ? source->min_uid : settings->min_uid;
}

bool sources_have_pam(const struct settings *settings) {
        size_t i;

        for (i = 0; i < settings->source_count; i++)
                if (source_kind(&settings->sources[i]) == SOURCE_PAM)
                        return true;
        return false;
}

/* ---- from the configuration ---- */

static int source_name(struct source *source, const char *name) {
        source->name = strdup(name);
        return source->name ? 0 : -ENOMEM;
}

int sources_read(cfg_t *root, struct settings *settings) {
        unsigned i, count = cfg_size(root, "source");
        int r = 0;

        settings->sources = calloc(count + 1, sizeof *settings->sources);
        if (!settings->sources)
                return -ENOMEM;
        for (i = 0; r == 0 && i < count; i++) {
                cfg_t *section = cfg_getnsec(root, "source", i);
                struct source *source = &settings->sources[settings->source_count++];

                r = source_name(source, cfg_title(section));
                if (r == 0)
                        r = section_read(section, SECTION_SOURCE, source);
        }
        if (r == 0 && count == 0)
                r = source_name(&settings->sources[settings->source_count++], DATABASE);
        return r;
}

static int database_check(const struct config *config, cfg_t *section) {
        size_t i;

        for (i = 0; i < key_count; i++)
                if (keys[i].section == SECTION_SOURCE && cfg_size(section, keys[i].name) > 0)
                        return config_error(config, section, keys[i].name,
                                            "the database has no such setting");
        return 0;
}

static int pam_check(const struct config *config, const struct settings *settings, cfg_t *section,
                     const struct source *source) {
        if (source->create && source_min_uid(settings, source) < settings->min_uid)
                return config_error(config, section, "min-uid",
                                    "min-uid is below that of users, and create is true");
        return 0;
}

static int stack_check(const struct config *config, cfg_t *section, const struct source *source) {
        char wrong[PAM_STACK_WRONG_MAX];

        if (pam_stack_check(source_directory(source), source_service(source), wrong) == 0)
                return 0;
        return config_error(config, section, NULL, wrong);
}

static int source_check(const struct config *config, bool is_foreign,
                        const struct settings *settings, cfg_t *section,
                        const struct source *source) {
        int r;

        if (source_kind(source) == SOURCE_DATABASE)
                return database_check(config, section);
        r = pam_check(config, settings, section, source);
        return r || is_foreign ? r : stack_check(config, section, source);
}

int sources_check(const struct config *config, bool is_foreign, const struct settings *settings) {
        cfg_t *root = config_root(config);
        unsigned i, count = cfg_size(root, "source");
        int r = 0;

        if (count > SOURCES_MAX)
                return config_error(config, cfg_getnsec(root, "source", SOURCES_MAX), NULL,
                                    "there are 8 sources already");
        for (i = 0; r == 0 && i < count; i++)
                r = source_check(config, is_foreign, settings, cfg_getnsec(root, "source", i),
                                 &settings->sources[i]);
        return r;
}

void sources_clear(struct settings *settings) {
        size_t i;

        for (i = 0; i < settings->source_count; i++) {
                section_clear(SECTION_SOURCE, &settings->sources[i]);
                free(settings->sources[i].name);
        }
        freep(&settings->sources);
        settings->source_count = 0;
}

/* ---- and back ---- */

void sources_print(const struct settings *settings, FILE *to) {
        size_t i;

        for (i = 0; i < settings->source_count; i++) {
                const struct source *source = &settings->sources[i];

                fputs("\nsource ", to);
                quoted_print(source->name, to);
                fputs(" {\n", to);
                if (source_kind(source) == SOURCE_PAM)
                        section_print(SECTION_SOURCE, source, 8, to);
                fputs("}\n", to);
        }
}

/* ---- a reload ---- */

static bool sources_equal(const struct settings *a, const struct settings *b) {
        size_t i, k;

        if (a->source_count != b->source_count)
                return false;
        for (i = 0; i < a->source_count; i++) {
                if (strcmp(a->sources[i].name, b->sources[i].name) != 0)
                        return false;
                for (k = 0; k < key_count; k++)
                        if (keys[k].section == SECTION_SOURCE &&
                            !value_equal(&keys[k], &a->sources[i], &b->sources[i]))
                                return false;
        }
        return true;
}

/* Every key is named by the section. */
static void say_nothing(const char *key) {
        (void)key;
}

int sources_keep_fixed(const struct settings *running, struct settings *fresh,
                       void (*differs)(const char *key)) {
        size_t i;
        int r = 0;

        if (sources_equal(running, fresh))
                return 0;
        differs("source");
        sources_clear(fresh);
        fresh->sources = calloc(running->source_count, sizeof *fresh->sources);
        if (!fresh->sources)
                return -ENOMEM;
        for (i = 0; r == 0 && i < running->source_count; i++) {
                struct source *source = &fresh->sources[fresh->source_count++];

                r = source_name(source, running->sources[i].name);
                if (r == 0)
                        r = section_keep_fixed(SECTION_SOURCE, &running->sources[i], source,
                                               say_nothing);
        }
        return r;
}
