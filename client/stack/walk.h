/* What a stack comes to when its modules say this or that: libpam's own rules (pam.conf(5)), walked
 * through without running a module. */
#ifndef JETON_STACK_WALK_H
#define JETON_STACK_WALK_H

#include "stack.h"

/* The codes of modules that make a difference here, by their names in a control. */
enum stack_code {
        CODE_SUCCESS,
        CODE_IGNORE,
        CODE_AUTH_ERR,
        CODE_PERM_DENIED,
        CODE_USER_UNKNOWN,
        CODE_AUTHINFO_UNAVAIL,
        CODE_ACCT_EXPIRED,
        CODE_NEW_AUTHTOK_REQD,
        CODE_MODULE_UNKNOWN,
        CODE_COUNT,
};

extern const char *const stack_code_names[CODE_COUNT];

/* What an entry's module is taken to say. */
typedef enum stack_code stack_answer(const struct stack_entry *entry, const void *context);

/* Whether the group as a whole succeeds. */
bool stack_succeeds(const struct stack *stack, enum stack_group group, stack_answer *answer,
                    const void *context);

#endif
