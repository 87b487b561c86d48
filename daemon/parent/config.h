/* The configuration files as libconfuse holds them, each value checked by itself. */
#ifndef JETON_PARENT_CONFIG_H
#define JETON_PARENT_CONFIG_H

#include "settings.h"

#include <confuse.h>

struct config;

/* Reads source->file and conf.d/ beside it. 0; or -errno with "FILE:LINE: what" in ret_error, of
 * SETTINGS_ERROR_MAX bytes, which must stay until config_free(). */
int config_read(const struct settings_source *source, char *ret_error, struct config **ret);
void config_free(struct config *config);

static inline void config_freep(struct config **config) {
        config_free(*config);
        *config = NULL;
}

cfg_t *config_root(const struct config *config); /* lent */

/* Says what is wrong with a value that is good only by itself, with the place where it was set (or,
 * when it was not, where its section ends). Returns -EINVAL. */
int config_error(const struct config *config, const cfg_t *section, const char *key,
                 const char *what);

#endif
