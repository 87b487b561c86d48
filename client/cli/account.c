/* Local accounts. */
#include "account.h"

#include "../../common/log.h"
#include "../../common/text.h"

#include <errno.h>
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

const char *account_name(uid_t uid) {
        const struct passwd *entry = getpwuid(uid);

        return entry ? entry->pw_name : NULL;
}
