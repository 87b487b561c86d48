/* What a login by a stack with pam_jeton in it must come to. */
#ifndef JETON_CLI_DOCTOR_PAM_RULES_H
#define JETON_CLI_DOCTOR_PAM_RULES_H

#include "doctor.h"
#include "pam_services.h"

/* What is said of a line. */
struct saying {
        enum stack_group group;
        enum verdict verdict;
        const char *found, *advice;
};

size_t pam_rules_count(void);
struct saying pam_rule_saying(size_t rule);

/* `stack` has pam_jeton in the group of the rule. */
bool pam_rule_is_broken(const struct stack *stack, size_t rule);

/* Whether the stack asks for another password when jeton's must be changed. */
bool pam_asks_for_change(const struct stack *stack);

#endif
