/* The PAM services of a root that have pam_jeton in them. */
#ifndef JETON_CLI_DOCTOR_PAM_SERVICES_H
#define JETON_CLI_DOCTOR_PAM_SERVICES_H

#include "../../stack/stack.h"

#define SERVICES_MAX 256

struct services {
        struct stack *stacks[SERVICES_MAX]; /* owned */
        size_t count;
        size_t unreadable;
        struct stack *other; /* owned: taken by libpam for groups that a service has no line of */
};

/* All that a program can ask for by name; files that are only included by others are in their
 * stacks, not among them. */
void services_find(const char *root, struct services *services);
void services_clear(struct services *services);

/* The first entry of a group for which `is` holds; NULL: none. */
const struct stack_entry *services_entry(const struct stack *stack, enum stack_group group,
                                         bool (*is)(const struct stack_entry *entry));

/* Whether an entry is pam_jeton. */
bool entry_is_jeton(const struct stack_entry *entry);

#endif
