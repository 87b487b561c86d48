/* Local accounts, as NSS knows them: /etc/passwd, and whatever else nsswitch.conf(5) names. */
#ifndef JETON_NAMES_ACCOUNT_H
#define JETON_NAMES_ACCOUNT_H

#include "../../common/text.h"

#include <stdint.h>
#include <sys/types.h>

#define ACCOUNT_NAME_MAX 256

struct account {
        uid_t uid;
        char name[ACCOUNT_NAME_MAX + 1];
};

/* 0; -ENOENT: NSS knows none; other -errno: NSS could not say. May take as long as the services
 * behind NSS please. */
int account_find_name(struct text name, struct account *ret);
int account_find_uid(uid_t uid, struct account *ret);

#endif
