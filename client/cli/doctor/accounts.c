/* Local accounts and users of the database: who is linked to whom, and who has to wait. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../account.h"
#include "../ask.h"
#include "../local.h"

#include <pwd.h>

#define MIN_UID    1000 /* where a host's people begin, and jetond's own default */
#define NOBODY_UID 65534
#define NAMES_MAX  8

/* Names for one line: the first few, and how many there are. */
struct names {
        char *list; /* owned */
        unsigned count;
};

static void names_clear(struct names *names) {
        free(names->list);
}

static void names_add(struct names *names, const char *name) {
        char *longer;

        if (++names->count > NAMES_MAX)
                return;
        if (asprintf(&longer, "%s%s%s%s", names->list ? names->list : "", names->list ? ", " : "",
                     name, names->count == NAMES_MAX ? " ..." : "") < 0)
                return;
        free(names->list);
        names->list = longer;
}

/* Accounts that nobody can log in to need no user. */
static bool is_person(const struct passwd *account) {
        const char *slash = strrchr(account->pw_shell, '/');
        const char *shell = slash ? slash + 1 : account->pw_shell;

        return account->pw_uid >= MIN_UID && account->pw_uid != NOBODY_UID &&
               strcmp(shell, "nologin") != 0 && strcmp(shell, "false") != 0;
}

/* 0 or -errno of the page. */
static int accounts_count(const struct doctor *doctor, unsigned *ret_linked,
                          struct names *unlinked) {
        const struct passwd *account;
        bool is_linked = false;
        int r = 0;

        setpwent();
        while (r == 0 && (account = getpwent())) {
                if (!is_person(account))
                        continue;
                r = local_is_linked(&doctor->cli->place, account->pw_uid, &is_linked);
                if (r == 0 && is_linked)
                        ++*ret_linked;
                else if (r == 0)
                        names_add(unlinked, account->pw_name);
        }
        endpwent();
        return r;
}

void check_accounts(struct doctor *doctor) {
        _cleanup_(names_clear) struct names unlinked = {NULL, 0};
        unsigned linked = 0;
        int r;

        r = accounts_count(doctor, &linked, &unlinked);
        if (r < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "the status page cannot be read");
        else if (unlinked.count > 0)
                doctor_find(doctor, doctor->has_pam ? VERDICT_WARNING : VERDICT_OK,
                            "jeton user link NAME, for those who are to log in with jeton",
                            "accounts of people: %u linked to a user, %u not: %s", linked,
                            unlinked.count, unlinked.list);
        else
                doctor_find(doctor, VERDICT_OK, NULL,
                            "accounts of people: %u, all linked to a user", linked);
}

/* ---- the users of the database, which only an admin is told ---- */

#define PAGE_MAX 1000

static int users_page(struct doctor *doctor, size_t skip, size_t *ret_count) {
        _cleanup_(freep) char *path = NULL;
        json_t *page = NULL;
        int r;

        if (asprintf(&path, "/users?skip=%zu&limit=%d", skip, PAGE_MAX) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = doctor_ask(doctor, path, true, &page, &doctor->user_trouble);
        if (r < 0)
                return r;
        *ret_count = json_array_size(page);
        json_array_extend(doctor->users, page);
        json_decref(page);
        return 0;
}

/* Asks once; NULL when nobody tells, which is said then. */
static const json_t *users(struct doctor *doctor) {
        size_t count = PAGE_MAX;

        if (!doctor->users) {
                doctor->users = json_array();
                while (count == PAGE_MAX && !doctor->user_trouble)
                        if (users_page(doctor, json_array_size(doctor->users), &count) < 0)
                                break;
        }
        if (!doctor->user_trouble)
                return doctor->users;
        doctor_find(doctor, VERDICT_UNSEEN, NULL, "the users: %s", doctor->user_trouble);
        return NULL;
}

void check_links(struct doctor *doctor) {
        const json_t *list = users(doctor), *user, *uid;
        _cleanup_(names_clear) struct names gone = {NULL, 0};
        size_t i, linked = 0;

        json_array_foreach(list, i, user) {
                uid = json_object_get(user, "uid");
                if (!json_is_integer(uid))
                        continue;
                linked++;
                if (!account_name((uid_t)json_integer_value(uid)))
                        names_add(&gone, json_string_value(json_object_get(user, "username")));
        }
        if (gone.count > 0)
                doctor_find(doctor, VERDICT_WARNING,
                            "jeton user link NAME --remove, before that uid is given to another",
                            "users linked to an account that is gone (%u): %s", gone.count,
                            gone.list);
        else if (list)
                doctor_find(doctor, VERDICT_OK, NULL, "users linked to an account: %zu", linked);
}

/* Each user is asked for alone: in the list nobody waits. */
static bool look_at_lock(struct doctor *doctor, const char *name) {
        _cleanup_(freep) char *path = user_path(name), *trouble = NULL;
        const char *until;
        json_t *user = NULL;
        bool is_locked;

        if (!path || doctor_ask(doctor, path, false, &user, &trouble) < 0)
                return false;
        until = json_string_value(json_object_get(user, "locked_until"));
        is_locked = until != NULL;
        if (is_locked)
                doctor_find(doctor, VERDICT_WARNING,
                            "jeton user unlock NAME lets them try at once; the audit log says who "
                            "guessed",
                            "%s must wait until %s after failed logins", name, until);
        json_decref(user);
        return is_locked;
}

void check_lockouts(struct doctor *doctor) {
        int64_t deadline_ms = clock_monotonic_ms() + DOCTOR_TIMEOUT_MS;
        const json_t *list = users(doctor), *user;
        size_t i, waiting = 0, unseen = 0;
        const char *name;

        json_array_foreach(list, i, user) {
                name = json_string_value(json_object_get(user, "username"));
                if (clock_left_ms(deadline_ms) == 0)
                        unseen++;
                else if (name)
                        waiting += look_at_lock(doctor, name);
        }
        if (unseen > 0)
                doctor_find(doctor, VERDICT_UNSEEN, "jeton user show NAME tells of one",
                            "%zu users were not asked for, because there are many", unseen);
        else if (list && waiting == 0)
                doctor_find(doctor, VERDICT_OK, NULL, "nobody has to wait");
}
