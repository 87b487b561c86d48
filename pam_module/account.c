/* Which account a login is for, and whether that account is jeton's at all. Sends nothing and asks
 * nobody: NSS and the status page are all there is to it. */
#include "attempt.h"

#include "../common/cleanup.h"
#include "../common/jwt/pages.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define RECORD_FIRST 1024
#define RECORD_MAX   (1 << 20) /* no account's line is longer, whatever NSS claims */

/* getpwnam(3): with no entry these come as an error on some systems and modules. */
static bool means_no_entry(int error) {
        return error == 0 || error == ENOENT || error == ESRCH;
}

/* 0; -ENOENT: no such account; other -errno: nobody can tell. */
static int uid_of(const char *user, uid_t *ret) {
        size_t size;
        int r = ERANGE;

        for (size = RECORD_FIRST; r == ERANGE && size <= RECORD_MAX; size *= 4) {
                _cleanup_(freep) char *strings = malloc(size);
                struct passwd record, *found = NULL;

                if (!strings)
                        return -ENOMEM;
                do
                        r = getpwnam_r(user, &record, strings, size, &found);
                while (r == EINTR);
                if (found) {
                        *ret = found->pw_uid;
                        return 0;
                }
        }
        return means_no_entry(r) ? -ENOENT : -r;
}

/* An application may give libpam a conversation without a function. pam_get_user() calls it unseen,
 * where it has to ask. */
static bool has_or_may_ask_user(const struct attempt *attempt) {
        const void *user = NULL, *item = NULL;
        const struct pam_conv *conversation;

        if (pam_succeeded(pam_get_item(attempt->pamh, PAM_USER, &user)) && user)
                return true;
        if (!pam_succeeded(pam_get_item(attempt->pamh, PAM_CONV, &item)))
                return false;
        conversation = item;
        return conversation && conversation->conv;
}

enum situation account_find(struct attempt *attempt) {
        int r;

        if (!has_or_may_ask_user(attempt) ||
            !pam_succeeded(pam_get_user(attempt->pamh, &attempt->user, NULL)) || !attempt->user)
                return SITUATION_NO_ANSWER;
        r = uid_of(attempt->user, &attempt->uid);
        if (r == -ENOENT)
                return SITUATION_NOT_OURS;
        if (r < 0) {
                attempt_log(attempt, LOG_ERR, "cannot look the account up: %s", strerror(-r));
                return SITUATION_CANNOT_TELL;
        }
        return attempt->uid == 0 ? SITUATION_NOT_OURS : SITUATION_OPEN;
}

/* The pages lie beside the socket, whose path is absolute (options.c). */
void attempt_run_dir(const struct attempt *attempt, char *ret, size_t size) {
        const char *socket = attempt->options.socket;
        size_t len = (size_t)(strrchr(socket, '/') - socket);

        if (len == 0)
                len = 1;
        if (len >= size)
                len = size - 1;
        memcpy(ret, socket, len);
        ret[len] = '\0';
}

uid_t attempt_trusted_uid(const struct attempt *attempt) {
        return attempt->options.socket_is_ours ? geteuid() : (uid_t)-1;
}

static int is_linked(const struct attempt *attempt, bool *ret) {
        _cleanup_(closep) int fd = -1;
        char dir[PATH_MAX];
        int r;

        attempt_run_dir(attempt, dir, sizeof dir);
        r = page_open(dir, PAGE_STATUS, attempt_trusted_uid(attempt), &fd);
        if (r < 0)
                return r;
        return status_page_has_uid(fd, attempt->uid, ret);
}

enum situation account_is_ours(struct attempt *attempt) {
        bool linked = false;
        int r;

        if (attempt->uid < attempt->options.min_uid)
                return SITUATION_NOT_OURS;
        r = is_linked(attempt, &linked);
        if (r < 0) {
                attempt_log(attempt, LOG_ERR,
                            "cannot tell whether uid %u is linked: status page: %s",
                            (unsigned)attempt->uid, strerror(-r));
                return SITUATION_CANNOT_TELL;
        }
        if (!linked)
                return SITUATION_NOT_OURS;
        /* Another name of a linked account: the ticket could not name it. */
        if (!name_is_user(text_of(attempt->user))) {
                attempt_log(attempt, LOG_NOTICE,
                            "uid %u is linked, but this name of it can be no user's",
                            (unsigned)attempt->uid);
                return SITUATION_UNKNOWN;
        }
        return SITUATION_OPEN;
}
