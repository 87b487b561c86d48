/* The issuer sections: whose tokens about people are believed here, and where their keys are. What
 * is in the file of keys is read by jetond-issuer alone. */
#include "outside.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "guarded.h"
#include "issuer_word.h"
#include "sections.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* StateDirectory= of jeton-issuers.service. */
#define FETCHED_DIR "/var/lib/jeton-issuers/"

#define OWN_ISSUER "this is our own issuer: its tokens need no section"

uint32_t outside_algorithm(const struct outside_issuer *outside) {
        return outside->algorithm + KEY_ES256;
}

/* ---- from the configuration ---- */

int outside_read(cfg_t *root, struct settings *settings) {
        unsigned i, count = cfg_size(root, ISSUER_SECTION);
        int r = 0;

        settings->outside = calloc(count + 1, sizeof *settings->outside);
        if (!settings->outside)
                return -ENOMEM;
        for (i = 0; r == 0 && i < count; i++) {
                cfg_t *section = cfg_getnsec(root, ISSUER_SECTION, i);
                struct outside_issuer *outside = &settings->outside[settings->outside_count++];

                outside->url = strdup(cfg_title(section));
                r = outside->url ? section_read(section, SECTION_OUTSIDE, outside) : -ENOMEM;
        }
        return r;
}

static bool has_uri(const struct outside_issuer *outside) {
        return outside->jwks_uri != NULL;
}

/* One file holds what was fetched from one address. */
static bool is_fetched_otherwise(const struct settings *settings,
                                 const struct outside_issuer *outside) {
        const struct outside_issuer *other;

        for (other = settings->outside; other < outside; other++)
                if (strcmp(other->jwks, outside->jwks) == 0 && has_uri(other) && has_uri(outside) &&
                    strcmp(other->jwks_uri, outside->jwks_uri) != 0)
                        return true;
        return false;
}

static int section_check(const struct config *config, const struct settings *settings,
                         unsigned at) {
        cfg_t *section = cfg_getnsec(config_root(config), ISSUER_SECTION, at);
        const struct outside_issuer *outside = &settings->outside[at];

        if (settings->issuer && strcmp(outside->url, settings->issuer) == 0)
                return config_error(config, section, NULL, OWN_ISSUER);
        if (!outside->jwks)
                return config_error(config, section, NULL,
                                    "jwks is missing: the file with this issuer's public keys");
        if (text_of(outside->audience).len == 0)
                return config_error(config, section, NULL,
                                    "audience is missing: what this issuer's tokens for us say in "
                                    "aud, as the id that it gave the application");
        if (strlen(outside->audience) > AUDIENCES_MAX)
                return config_error(config, section, "audience",
                                    "this list of audiences is too long");
        if (is_fetched_otherwise(settings, outside))
                return config_error(config, section, "jwks-uri",
                                    "the same file has another jwks-uri further up");
        return 0;
}

int outside_check(const struct config *config, const struct settings *settings) {
        cfg_t *root = config_root(config);
        unsigned i;
        int r = 0;

        if (settings->outside_count > OUTSIDE_ISSUERS_MAX)
                return config_error(config, cfg_getnsec(root, ISSUER_SECTION, OUTSIDE_ISSUERS_MAX),
                                    NULL, "there are 16 outside issuers already");
        for (i = 0; r == 0 && i < settings->outside_count; i++)
                r = section_check(config, settings, i);
        return r;
}

/* A drop-in may give the unit more, so this is no mistake. */
void outside_doubt(const struct config *config, const struct settings *settings) {
        unsigned i;

        for (i = 0; i < settings->outside_count; i++) {
                const struct outside_issuer *outside = &settings->outside[i];

                if (!has_uri(outside) ||
                    strncmp(outside->jwks, FETCHED_DIR, sizeof FETCHED_DIR - 1) == 0)
                        continue;
                config_error(config, cfg_getnsec(config_root(config), ISSUER_SECTION, i), "jwks",
                             "warning: jwks is not in " FETCHED_DIR
                             ", and jeton-issuers.service, which is to fetch it, writes nowhere "
                             "else");
                return;
        }
}

int outside_check_own(const struct settings *settings, const char *own) {
        size_t i;

        for (i = 0; i < settings->outside_count; i++) {
                if (strcmp(settings->outside[i].url, own) != 0)
                        continue;
                log_error("section issuer \"%s\": " OWN_ISSUER, own);
                return -EINVAL;
        }
        return 0;
}

void outside_clear(struct settings *settings) {
        size_t i;

        for (i = 0; i < settings->outside_count; i++) {
                section_clear(SECTION_OUTSIDE, &settings->outside[i]);
                free(settings->outside[i].url);
        }
        freep(&settings->outside);
        settings->outside_count = 0;
}

/* ---- and back ---- */

void outside_print(const struct settings *settings, FILE *to) {
        size_t i;

        for (i = 0; i < settings->outside_count; i++) {
                fputs("\nissuer ", to);
                quoted_print(settings->outside[i].url, to);
                fputs(" {\n", to);
                section_print(SECTION_OUTSIDE, &settings->outside[i], 8, to);
                fputs("}\n", to);
        }
}

static bool is_printed_already(const struct settings *settings,
                               const struct outside_issuer *outside) {
        const struct outside_issuer *other;

        for (other = settings->outside; other < outside; other++)
                if (has_uri(other) && strcmp(other->jwks, outside->jwks) == 0)
                        return true;
        return false;
}

void outside_print_sources(const struct settings *settings, FILE *to) {
        size_t i;

        for (i = 0; i < settings->outside_count; i++) {
                const struct outside_issuer *outside = &settings->outside[i];

                if (has_uri(outside) && !is_printed_already(settings, outside))
                        fprintf(to, "%s\t%s\t%s\n", outside->jwks_uri, outside->jwks,
                                key_find(SECTION_OUTSIDE, "alg")->choices[outside->algorithm]);
        }
}

/* ---- the folder ---- */

const char *outside_file_name(const struct outside_issuer *outside) {
        return strrchr(outside->jwks, '/') + 1;
}

int outside_folder_open(const struct outside_issuer *outside, int *ret_fd, char *ret_wrong) {
        size_t len = (size_t)(outside_file_name(outside) - outside->jwks);
        char folder[PATH_MAX];
        struct stat st;
        int r;

        snprintf(folder, sizeof folder, "%.*s", len > 1 ? (int)len - 1 : 1, outside->jwks);
        *ret_wrong = '\0';
        r = guarded_open_folder(folder, ret_fd, ret_wrong);
        if (r < 0 || fstat(*ret_fd, &st) < 0 || !(st.st_mode & (S_IWGRP | S_IWOTH)))
                return r;
        snprintf(ret_wrong, GUARDED_WRONG_MAX, "%.400s: writable by others than its owner", folder);
        return 0;
}
