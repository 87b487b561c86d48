/* Looks at the file of a PAM service before anybody is asked by it. */
#ifndef JETON_PARENT_PAM_STACK_H
#define JETON_PARENT_PAM_STACK_H

#define PAM_STACK_WRONG_MAX 512

/* Whether `service` can be asked: its file is in `directory`, it and whatever it includes belong to
 * root (or to the one who starts jetond) and are written by nobody else, it has a stack of its own
 * for auth and for account, and none of their modules makes the answer worthless. 0, or -EINVAL and
 * why not. */
int pam_stack_check(const char *directory, const char *service,
                    char ret_wrong[PAM_STACK_WRONG_MAX]);

#endif
