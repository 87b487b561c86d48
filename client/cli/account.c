/* Local accounts. */
#include "account.h"

#include "../../common/log.h"
#include "../../common/text.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>

int account_uid(const char *word, uid_t *ret_uid) {
        unsigned long long number;
        const struct passwd *entry;

        /* The greatest uid_t stands for "no uid" (chown(2)). */
        if (text_number(text_of(word), UINT32_MAX - 1, &number) == 0) {
                *ret_uid = (uid_t)number;
                return 0;
        }
        entry = getpwnam(word);
        if (!entry) {
                log_error("this host has no account \"%s\"", log_escape(text_of(word)).text);
                return -ENOENT;
        }
        *ret_uid = entry->pw_uid;
        return 0;
}

int account_gid(const char *word, gid_t *ret_gid) {
        unsigned long long number;
        const struct group *entry;

        if (text_number(text_of(word), UINT32_MAX - 1, &number) == 0) {
                *ret_gid = (gid_t)number;
                return 0;
        }
        entry = getgrnam(word);
        if (!entry) {
                log_error("this host has no group \"%s\"", log_escape(text_of(word)).text);
                return -ENOENT;
        }
        *ret_gid = entry->gr_gid;
        return 0;
}

int account_groups(uid_t uid, gid_t *ret_gids, int *count) {
        const struct passwd *entry = getpwuid(uid);

        if (!entry) {
                *count = 0;
                return 0;
        }
        return getgrouplist(entry->pw_name, entry->pw_gid, ret_gids, count) < 0 ? -E2BIG : 0;
}

const char *account_name(uid_t uid) {
        const struct passwd *entry = getpwuid(uid);

        return entry ? entry->pw_name : NULL;
}
