/* getpwnam_r(3) and getpwuid_r(3) with a buffer that grows. */
#include "account.h"

#include "../../common/cleanup.h"

#include <pwd.h>

#define BUFFER_FIRST 4096
#define BUFFER_MAX   (1024 * 1024)

struct question {
        const char *name; /* NULL: by uid */
        uid_t uid;
};

static int question_put(const struct question *question, struct passwd *entry, char *buffer,
                        size_t size, struct passwd **ret) {
        if (question->name)
                return getpwnam_r(question->name, entry, buffer, size, ret);
        return getpwuid_r(question->uid, entry, buffer, size, ret);
}

/* getpwnam_r(3) allows some of these for "no such account" instead of 0. */
static bool means_unknown(int error) {
        return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static int account_copy(const struct passwd *entry, struct account *ret) {
        struct account account = {.uid = entry->pw_uid};
        int r;

        r = text_copy(text_of(entry->pw_name), account.name, sizeof account.name);
        if (r < 0)
                return r;
        *ret = account;
        return 0;
}

static int account_find(const struct question *question, struct account *ret) {
        size_t size;
        int error;

        for (size = BUFFER_FIRST; size <= BUFFER_MAX; size *= 4) {
                _cleanup_(freep) char *buffer = malloc(size);
                struct passwd entry, *found = NULL;

                if (!buffer)
                        return -ENOMEM;
                error = question_put(question, &entry, buffer, size, &found);
                if (found)
                        return account_copy(found, ret);
                if (error != ERANGE)
                        return means_unknown(error) ? -ENOENT : -error;
        }
        return -ERANGE;
}

int account_find_name(struct text name, struct account *ret) {
        char copy[ACCOUNT_NAME_MAX + 1];

        if (text_copy(name, copy, sizeof copy) < 0 || copy[0] == '\0')
                return -ENOENT;
        return account_find(&(struct question){.name = copy}, ret);
}

int account_find_uid(uid_t uid, struct account *ret) {
        return account_find(&(struct question){.uid = uid}, ret);
}
