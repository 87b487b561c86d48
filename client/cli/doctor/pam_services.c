/* The PAM services that have pam_jeton in them. */
#include "pam_services.h"

#include "../../../common/cleanup.h"
#include "../../stack/root.h"

#include <string.h>

bool entry_is_jeton(const struct stack_entry *entry) {
        return !entry->is_substack && strcmp(stack_module_name(entry), "pam_jeton.so") == 0;
}

void services_clear(struct services *services) {
        while (services->count > 0)
                stack_free(services->stacks[--services->count]);
        stack_free(take(services->other));
}

static bool has_service(const struct services *services, const char *name) {
        size_t i;

        for (i = 0; i < services->count; i++)
                if (strcmp(services->stacks[i]->service, name) == 0)
                        return true;
        return false;
}

const struct stack_entry *services_entry(const struct stack *stack, enum stack_group group,
                                         bool (*is)(const struct stack_entry *entry)) {
        size_t i;

        for (i = 0; i < stack->count; i++)
                if (stack->entries[i].line.group == group && is(&stack->entries[i]))
                        return &stack->entries[i];
        return NULL;
}

static bool uses_module(const struct stack *stack) {
        int group;

        for (group = 0; group < GROUP_COUNT; group++)
                if (services_entry(stack, (enum stack_group)group, entry_is_jeton))
                        return true;
        return false;
}

/* A copy that an editor or a package left is no service; libpam would take it for one, though, if
 * a program asked for that name. */
static bool is_service_name(const char *name) {
        return *name != '.' && name[strlen(name) - 1] != '~' && !strstr(name, ".dpkg-");
}

static void service_add(const char *root, struct services *services, const char *name) {
        _cleanup_(stack_freep) struct stack *stack = NULL;

        if (!is_service_name(name) || has_service(services, name) ||
            services->count == SERVICES_MAX)
                return;
        if (stack_read(root, name, &stack) < 0)
                services->unreadable++;
        else if (uses_module(stack))
                services->stacks[services->count++] = take(stack);
}

static void folder_read(const char *root, const char *folder, struct services *services) {
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *entry;

        if (root_dir(root, folder, &dir) < 0)
                return;
        while ((entry = readdir(dir)))
                service_add(root, services, entry->d_name);
}

/* A file that others include is not asked for by itself. */
static bool is_included(const struct services *services, const char *name) {
        size_t i, j;

        for (i = 0; i < services->count; i++)
                for (j = 1; j < services->stacks[i]->file_count; j++)
                        if (strcmp(services->stacks[i]->files[j], name) == 0)
                                return true;
        return false;
}

static void included_drop(struct services *services) {
        size_t i = 0;

        while (i < services->count) {
                if (!is_included(services, services->stacks[i]->service)) {
                        i++;
                        continue;
                }
                stack_free(services->stacks[i]);
                services->stacks[i] = services->stacks[--services->count];
        }
}

void services_find(const char *root, struct services *services) {
        folder_read(root, STACK_DIR, services);
        folder_read(root, STACK_DIR_VENDOR, services);
        if (stack_read(root, "other", &services->other) < 0)
                services->other = NULL;
        included_drop(services);
}
