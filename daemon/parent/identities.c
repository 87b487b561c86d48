/* Names become ids. Runs in the parent at load only; afterwards no rule depends on a name. */
#include "identities.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <grp.h>
#include <pwd.h>

#define NAME_SIZE 257

static const char *const account_names[] = {
        [ACCOUNT_AUTHORITY] = "jeton",
        [ACCOUNT_SIGNER] = "jeton-signer",
        [ACCOUNT_FRONTEND] = "jeton-frontend",
        [ACCOUNT_WORKER] = "jeton-worker",
};

/* (uid_t)-1 means "leave it as it is" to setresuid(2): it is nobody's. */
static int number_find(struct text name, uint32_t *ret) {
        unsigned long long number;

        if (text_number(name, UINT32_MAX - 1, &number))
                return -ENOENT;
        *ret = (uint32_t)number;
        return 0;
}

int account_find(struct text name, struct identity *ret) {
        const struct passwd *entry;
        char copy[NAME_SIZE];
        uint32_t uid;

        if (!number_find(name, &uid)) {
                *ret = (struct identity){uid, (gid_t)-1};
                return 0;
        }
        if (name.len == 0 || text_copy(name, copy, sizeof copy))
                return -ENOENT;
        entry = getpwnam(copy);
        if (!entry)
                return -ENOENT;
        *ret = (struct identity){entry->pw_uid, entry->pw_gid};
        return 0;
}

int group_find(struct text name, gid_t *ret) {
        const struct group *entry;
        char copy[NAME_SIZE];
        uint32_t gid;

        if (!number_find(name, &gid)) {
                *ret = gid;
                return 0;
        }
        if (name.len == 0 || text_copy(name, copy, sizeof copy))
                return -ENOENT;
        entry = getgrnam(copy);
        if (!entry)
                return -ENOENT;
        *ret = entry->gr_gid;
        return 0;
}

bool account_exists(struct text name) {
        struct identity identity;

        return account_find(name, &identity) == 0;
}

bool group_exists(struct text name) {
        gid_t gid;

        return group_find(name, &gid) == 0;
}

static int account_check(const struct identities *identities, enum account account) {
        uid_t uid = identities->of[account].uid;
        unsigned other;

        if (uid == 0) {
                log_error("user %s has uid 0: it must have a uid of its own",
                          account_names[account]);
                return -EINVAL;
        }
        for (other = 0; other < account; other++) {
                if (identities->of[other].uid != uid)
                        continue;
                log_error("users %s and %s have the same uid: each must have its own",
                          account_names[other], account_names[account]);
                return -EINVAL;
        }
        return 0;
}

static int system_accounts_find(struct identities *ret) {
        unsigned i;
        int r;

        for (i = 0; i < ACCOUNT_COUNT; i++) {
                r = account_find(text_of(account_names[i]), &ret->of[i]);
                if (r) {
                        log_error(
                                "there is no user %s on this host: systemd-sysusers makes it from "
                                "jeton's sysusers.d file, or: useradd --system --no-create-home "
                                "--shell /usr/sbin/nologin %s",
                                account_names[i], account_names[i]);
                        return r;
                }
                r = account_check(ret, i);
                if (r)
                        return r;
        }
        return 0;
}

int identities_find(bool single_uid, struct identities *ret) {
        struct identities identities = {.change = !single_uid};
        unsigned i;
        int r;

        for (i = 0; single_uid && i < ACCOUNT_COUNT; i++)
                identities.of[i] = (struct identity){geteuid(), getegid()};
        r = single_uid ? 0 : system_accounts_find(&identities);
        if (r)
                return r;
        *ret = identities;
        return 0;
}
