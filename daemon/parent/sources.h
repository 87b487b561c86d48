/* The source sections: who is asked whether a password is right, in which order. */
#ifndef JETON_PARENT_SOURCES_H
#define JETON_PARENT_SOURCES_H

#include "config.h"

#include "../../common/text.h"
#include "../privsep/message.h"

#define SOURCES_MAX     8
#define PAM_WORKERS_MAX 32
#define PAM_DIRECTORY   "/etc/pam.d"

/* Whether a section may have that title. */
bool source_is_known(struct text title);

/* Without a section there is one source: the database. */
int sources_read(cfg_t *root, struct settings *settings);

/* The rules between the keys, and the files of the services. 0, or -EINVAL with the place. */
int sources_check(const struct config *config, bool is_foreign, const struct settings *settings);

void sources_clear(struct settings *settings);
void sources_print(const struct settings *settings, FILE *to);

/* All of them are changed only by a restart: the authority calls them by number. */
int sources_keep_fixed(const struct settings *running, struct settings *fresh,
                       void (*differs)(const char *key));

enum source_kind source_kind(const struct source *source);

/* Of a PAM source; lent. */
const char *source_service(const struct source *source);
const char *source_directory(const struct source *source);
uint32_t source_min_uid(const struct settings *settings, const struct source *source);

/* Whether there is a PAM source. */
bool sources_have_pam(const struct settings *settings);

#endif
