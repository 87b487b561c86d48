/* A private copy of a stack. libpam looks for what a service includes in /etc/pam.d, wherever the
 * service itself is from; so the copy holds what was included in its place, as libpam would put it,
 * and names its substacks by their paths. */
#include "trial.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../stack/stack.h"

#include <string.h>

static FILE *file_open(const char *folder, const char *name) {
        _cleanup_(freep) char *path = NULL;

        if (strchr(name, '/') || asprintf(&path, "%s/%s", folder, name) < 0) {
                path = NULL;
                return NULL;
        }
        return fopen(path, "wxe");
}

/* Brackets make one word of what has blanks in it, and "\]" is a bracket then (pam.conf(5)). */
static int word_put(const char *word, FILE *to) {
        fputs(" [", to);
        for (; *word; word++) {
                if (*word == '\n' || *word == '#')
                        return -EINVAL;
                if (*word == ']')
                        fputc('\\', to);
                fputc(*word, to);
        }
        fputc(']', to);
        return 0;
}

/* A control in words keeps them: in brackets it would be another. */
static int line_put(const struct line *line, FILE *to) {
        int i, r = 0;

        fprintf(to, "%s%s", line->is_silent ? "-" : "", stack_group_names[line->group]);
        if (line->is_bracketed)
                r = word_put(line->control, to);
        else
                fprintf(to, " %s", line->control);
        if (r == 0)
                r = word_put(line->module, to);
        for (i = 0; r == 0 && i < line->argument_count; i++)
                r = word_put(line->arguments[i], to);
        fputc('\n', to);
        return r;
}

struct copy {
        const struct stack *stack;
        const char *folder;
        size_t at; /* the next entry */
};

static int entries_put(struct copy *copy, unsigned depth, FILE *to);

/* The entries behind the line are deeper: they go into a file of their own. */
static int substack_put(struct copy *copy, const struct stack_entry *entry, FILE *to) {
        _cleanup_(fclosep) FILE *inner = NULL;
        char name[32];
        int r;

        snprintf(name, sizeof name, "substack-%zu", copy->at);
        fprintf(to, "%s substack %s/%s\n", stack_group_names[entry->line.group], copy->folder,
                name);
        inner = file_open(copy->folder, name);
        if (!inner)
                return -EIO;
        r = entries_put(copy, entry->depth + 1, inner);
        return r == 0 && fflush(inner) != 0 ? -EIO : r;
}

static int entries_put(struct copy *copy, unsigned depth, FILE *to) {
        int r = 0;

        while (r == 0 && copy->at < copy->stack->count &&
               copy->stack->entries[copy->at].depth >= depth) {
                const struct stack_entry *entry = &copy->stack->entries[copy->at++];

                r = entry->is_substack ? substack_put(copy, entry, to) : line_put(&entry->line, to);
        }
        return r;
}

static bool has_jeton(const struct stack *stack) {
        size_t i;

        for (i = 0; i < stack->count; i++)
                if (strcmp(stack_module_name(&stack->entries[i]), "pam_jeton.so") == 0)
                        return true;
        return false;
}

static int service_copy(const char *root, const char *service, const char *folder,
                        bool *ret_has_jeton) {
        _cleanup_(stack_freep) struct stack *stack = NULL;
        _cleanup_(fclosep) FILE *to = NULL;
        struct copy copy = {.folder = folder};
        int r;

        r = stack_read(root, service, &stack);
        if (r < 0)
                return r;
        if (stack->problem) {
                log_error("%s", log_escape(text_of(stack->problem)).text);
                return -EBADMSG;
        }
        to = file_open(folder, service);
        if (!to)
                return -EIO;
        *ret_has_jeton = has_jeton(stack);
        copy.stack = stack;
        r = entries_put(&copy, 0, to);
        return r == 0 && fflush(to) != 0 ? -EIO : r;
}

/* The module alone, "required" in each group. */
static int lines_write(const struct trial *trial, const char *folder) {
        static const enum stack_group groups[] = {GROUP_AUTH, GROUP_ACCOUNT, GROUP_SESSION};
        size_t count = trial->with_session ? ELEMENTS(groups) : ELEMENTS(groups) - 1;
        _cleanup_(fclosep) FILE *to = file_open(folder, TRIAL_SERVICE);
        struct line line = {.control = (char[]){"required"}, .module = (char *)trial->module};
        size_t i;
        int r = to ? 0 : -EIO;

        for (i = 0; i < trial->word_count; i++)
                line.arguments[line.argument_count++] = (char *)trial->words[i];
        for (i = 0; r == 0 && i < count; i++) {
                line.group = groups[i];
                r = line_put(&line, to);
        }
        return r == 0 && fflush(to) != 0 ? -EIO : r;
}

/* libpam takes "other" for the groups that a service has no lines for, and complains where there is
 * none. */
static int other_copy(const struct trial *trial, const char *folder) {
        _cleanup_(fclosep) FILE *to = NULL;
        bool other_has_jeton;
        int r;

        r = service_copy(trial->root, "other", folder, &other_has_jeton);
        if (r != -ENOENT)
                return r;
        to = file_open(folder, "other");
        return to && fputs("auth required pam_deny.so\n", to) >= 0 && fflush(to) == 0 ? 0 : -EIO;
}

static const char *trouble_of(int error) {
        if (error == -ENOENT)
                return "there is no such service";
        return error == -EBADMSG ? "libpam refuses the service for that line" : strerror(-error);
}

int stack_copy(const struct trial *trial, const char *folder, bool *ret_has_jeton) {
        const char *service = trial->service;
        int r;

        *ret_has_jeton = true;
        r = service ? service_copy(trial->root, service, folder, ret_has_jeton)
                    : lines_write(trial, folder);
        if (r == 0 && !*ret_has_jeton)
                log_warning("the stack of %s has no line of pam_jeton: jeton has no say there; on "
                            "Debian `pam-auth-update --enable jeton` puts it in",
                            log_escape(text_of(service)).text);
        if (r == 0 && (!service || strcmp(service, "other") != 0))
                r = other_copy(trial, folder);
        if (r < 0)
                log_error("cannot copy the stack of %s: %s",
                          service ? log_escape(text_of(service)).text : "pam_jeton", trouble_of(r));
        return r;
}
