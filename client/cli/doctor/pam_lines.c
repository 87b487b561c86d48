/* The lines of pam_jeton: their arguments, read by the module's own parser, and the module's file.
 */
#include "pam_lines.h"

#include "../../../common/cleanup.h"
#include "../../../pam_module/options.h"
#include "../../stack/root.h"

#include <fcntl.h>
#include <sys/stat.h>

#define NO_LOGIN "the module refuses every login that may be jeton's"

/* Groups whose arguments the module reads, and what it does where they are wrong. */
static const struct {
        enum stack_group group;
        enum pam_phase phase;
        const char *harm;
} phases[] = {
        {GROUP_AUTH, PAM_PHASE_AUTH, NO_LOGIN},
        {GROUP_ACCOUNT, PAM_PHASE_ACCOUNT, NO_LOGIN},
        {GROUP_SESSION, PAM_PHASE_SESSION, "no session gets a token"},
        {GROUP_PASSWORD, PAM_PHASE_PASSWORD, "no password of jeton's can be changed"},
};

static bool arguments_are_good(struct doctor *doctor, const struct stack_entry *entry) {
        const struct line *line = &entry->line;
        struct options options;
        int bad = 0;
        size_t i;

        for (i = 0; i < ELEMENTS(phases); i++) {
                if (phases[i].group != line->group ||
                    options_read(phases[i].phase, line->argument_count,
                                 (const char **)line->arguments, &options, &bad) == 0)
                        continue;
                doctor_find(doctor, VERDICT_BROKEN, "pam_jeton(8) lists the arguments",
                            "%s:%u: argument \"%s\" is unknown there, malformed or repeated: %s",
                            entry->file, entry->number, line->arguments[bad], phases[i].harm);
                return false;
        }
        return true;
}

/* Where libpam looks for a module that is named without a path. */
static const char *const folders[] = {
        JETON_PAM_DIR,       "/lib/security",       "/lib64/security",
        "/usr/lib/security", "/usr/lib64/security",
};

static int module_open(const char *root, const char *module, char **ret_path, int *ret_fd) {
        size_t i, count = *module == '/' ? 1 : ELEMENTS(folders);
        int r = -ENOENT;

        for (i = 0; r == -ENOENT && i < count; i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s%s%s", *module == '/' ? "" : folders[i],
                             *module == '/' ? "" : "/", module) < 0)
                        return -ENOMEM;
                r = root_open(root, path, O_PATH, ret_fd);
                if (r == 0)
                        *ret_path = take(path);
        }
        return r;
}

static bool module_is_good(struct doctor *doctor, const struct stack_entry *entry) {
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;
        struct stat st = {0};
        int r;

        r = module_open(doctor->root, entry->line.module, &path, &fd);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r < 0)
                doctor_find(doctor, VERDICT_BROKEN,
                            "install jeton again, or take the line out; libpam fails a required "
                            "module that is not there",
                            "%s:%u: the module %s: %s", entry->file, entry->number,
                            entry->line.module, strerror(-r));
        else if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
                doctor_find(doctor, VERDICT_BROKEN,
                            "install it again, chown root:root, chmod 0644: who writes it is root",
                            "%s belongs to uid %u, mode %04o", path, (unsigned)st.st_uid,
                            (unsigned)st.st_mode & 07777);
        else
                return true;
        return false;
}

static bool is_line(const struct stack_entry *a, const struct stack_entry *b) {
        return a->number == b->number && strcmp(a->file, b->file) == 0 &&
               a->line.group == b->line.group;
}

static bool was_seen(const struct services *services, size_t service,
                     const struct stack_entry *it) {
        size_t i, j;

        for (i = 0; i < service; i++)
                for (j = 0; j < services->stacks[i]->count; j++)
                        if (is_line(&services->stacks[i]->entries[j], it))
                                return true;
        return false;
}

static bool stack_lines_check(struct doctor *doctor, const struct services *services,
                              size_t service) {
        const struct stack *stack = services->stacks[service];
        bool good = true;
        size_t i;

        for (i = 0; i < stack->count; i++) {
                const struct stack_entry *entry = &stack->entries[i];

                if (!entry_is_jeton(entry) || was_seen(services, service, entry))
                        continue;
                good &= module_is_good(doctor, entry);
                good &= arguments_are_good(doctor, entry);
        }
        return good;
}

bool pam_lines_check(struct doctor *doctor, const struct services *services) {
        bool good = true;
        size_t i;

        for (i = 0; i < services->count; i++)
                good &= stack_lines_check(doctor, services, i);
        return good;
}
