/* What new passwords are judged by: pwquality.conf(5) and the list of common passwords. The parent
 * reads both, at the start and in a reload, and every worker judges by these bytes. */
#ifndef JETON_PARENT_RULES_H
#define JETON_PARENT_RULES_H

#include "identities.h"
#include "settings.h"

struct rules {
        int quality, blocklist; /* memfds, sealed; empty ones where there is no file */
};

#define RULES_NONE ((struct rules){-1, -1})

/* Who says whether they are good. */
struct rules_judge {
        const char *programs;          /* borrowed: the folder of jetond-worker */
        const struct identity *worker; /* borrowed; NULL: our own uid */
        bool may_be_missing;           /* jetond -n without the other programs */
};

/* 0; or -errno, with what is wrong and where in ret_error. Needs spawn_init(). */
int rules_read(const struct settings *settings, const struct rules_judge *judge, struct rules *ret,
               char ret_error[SETTINGS_ERROR_MAX]);
void rules_close(struct rules *rules);

#endif
