/* What a login must come to, and where a stack gives something else. Each stack is walked through
 * with what its modules would say (client/stack/walk.h): what counts is the outcome and not how the
 * lines look. */
#include "pam_rules.h"

#include "../../../common/cleanup.h"
#include "../../stack/walk.h"

#include <string.h>

struct scene {
        enum stack_code jeton, judge;
};

/* Those that ask for a password of their own, or look an account up elsewhere. */
static const char *const judges[] = {
        "pam_unix.so",   "pam_sss.so",        "pam_ldap.so",
        "pam_krb5.so",   "pam_winbind.so",    "pam_authd.so",
        "pam_kanidm.so", "pam_himmelblau.so", "pam_systemd_home.so",
};

static bool is_judge(const struct stack_entry *entry) {
        size_t i;

        for (i = 0; i < ELEMENTS(judges); i++)
                if (strcmp(stack_module_name(entry), judges[i]) == 0)
                        return true;
        return false;
}

static bool has_argument(const struct stack_entry *entry, const char *word) {
        int i;

        for (i = 0; i < entry->line.argument_count; i++)
                if (strcmp(entry->line.arguments[i], word) == 0)
                        return true;
        return false;
}

/* pam_faillock decides by its argument; what is not known here has no say. */
static enum stack_code answer(const struct stack_entry *entry, const void *context) {
        const char *name = stack_module_name(entry);
        const struct scene *scene = context;

        if (entry_is_jeton(entry))
                return scene->jeton;
        if (is_judge(entry))
                return scene->judge;
        if (strcmp(name, "pam_deny.so") == 0)
                return CODE_AUTH_ERR;
        if (strcmp(name, "pam_permit.so") == 0)
                return CODE_SUCCESS;
        if (strcmp(name, "pam_faillock.so") == 0)
                return has_argument(entry, "authfail") ? CODE_AUTH_ERR : CODE_SUCCESS;
        return CODE_IGNORE;
}

enum when { WHEN_ALWAYS, WHEN_JUDGED, WHEN_ALONE };

static const struct pam_rule {
        enum stack_group group;
        struct scene scene;
        bool must_succeed;
        enum when when; /* whether another module judges logins in that group too */
        enum verdict verdict;
        const char *found, *advice;
} rules[] = {
        {GROUP_AUTH,
         {CODE_AUTH_ERR, CODE_AUTH_ERR},
         false,
         WHEN_ALWAYS,
         VERDICT_BROKEN,
         "a wrong password gets in",
         "put `auth requisite pam_deny.so` where the lines end that ask for passwords"},
        {GROUP_AUTH,
         {CODE_AUTHINFO_UNAVAIL, CODE_AUTH_ERR},
         false,
         WHEN_ALWAYS,
         VERDICT_BROKEN,
         "a wrong password gets in while the daemon is away",
         "put `auth requisite pam_deny.so` where the lines end that ask for passwords"},
        {GROUP_AUTH,
         {CODE_USER_UNKNOWN, CODE_SUCCESS},
         true,
         WHEN_JUDGED,
         VERDICT_BROKEN,
         "root and accounts that are not jeton's cannot log in",
         "`[success=1 default=ignore]` before a pam_deny, as pam_jeton(8) shows"},
        {GROUP_AUTH,
         {CODE_AUTHINFO_UNAVAIL, CODE_SUCCESS},
         true,
         WHEN_JUDGED,
         VERDICT_BROKEN,
         "local passwords do not get in while the daemon is away",
         "`[success=1 default=ignore]` before a pam_deny, as pam_jeton(8) shows"},
        {GROUP_AUTH,
         {CODE_USER_UNKNOWN, CODE_SUCCESS},
         true,
         WHEN_ALONE,
         VERDICT_WARNING,
         "jeton alone decides: root and accounts that are not jeton's cannot log in",
         "keep another way to root open, or add pam_unix"},
        {GROUP_AUTH,
         {CODE_SUCCESS, CODE_AUTH_ERR},
         true,
         WHEN_ALWAYS,
         VERDICT_WARNING,
         "a right password of jeton does not get in: another module refuses first, or as well",
         "put pam_jeton before what refuses, as pam_jeton(8) shows"},
        {GROUP_ACCOUNT,
         {CODE_PERM_DENIED, CODE_SUCCESS},
         false,
         WHEN_ALWAYS,
         VERDICT_WARNING,
         "a user whom jeton has disabled still gets in: another line decides before",
         "put pam_jeton before lines that end the stack, and not as `optional`"},
        {GROUP_ACCOUNT,
         {CODE_IGNORE, CODE_SUCCESS},
         true,
         WHEN_JUDGED,
         VERDICT_BROKEN,
         "root and accounts that are not jeton's cannot log in",
         "let PAM_IGNORE pass: `ignore=ignore`, as pam_jeton(8) shows"},
        {GROUP_ACCOUNT,
         {CODE_AUTHINFO_UNAVAIL, CODE_SUCCESS},
         true,
         WHEN_ALWAYS,
         VERDICT_WARNING,
         "strict: while the daemon is away no linked account gets in, and without the status page "
         "none but root",
         "authinfo_unavail=ignore is the lenient way; pam_jeton(8) weighs them"},
        {GROUP_PASSWORD,
         {CODE_USER_UNKNOWN, CODE_SUCCESS},
         true,
         WHEN_JUDGED,
         VERDICT_BROKEN,
         "root and accounts that are not jeton's cannot change their password",
         "let PAM_USER_UNKNOWN pass: `user_unknown=ignore`, as pam_jeton(8) shows"},
};

size_t pam_rules_count(void) {
        return ELEMENTS(rules);
}

struct saying pam_rule_saying(size_t rule) {
        return (struct saying){rules[rule].group, rules[rule].verdict, rules[rule].found,
                               rules[rule].advice};
}

static bool is_concerned(enum when when, bool is_judged) {
        return when == WHEN_ALWAYS || is_judged == (when == WHEN_JUDGED);
}

bool pam_rule_is_broken(const struct stack *stack, size_t index) {
        const struct pam_rule *rule = &rules[index];
        bool is_judged = services_entry(stack, rule->group, is_judge) != NULL;

        return is_concerned(rule->when, is_judged) &&
               stack_succeeds(stack, rule->group, answer, &rule->scene) != rule->must_succeed;
}

/* libpam hands any code that is not ignored to the application. */
bool pam_asks_for_change(const struct stack *stack) {
        const struct scene scene = {CODE_NEW_AUTHTOK_REQD, CODE_SUCCESS};

        return services_entry(stack, GROUP_ACCOUNT, entry_is_jeton) &&
               !stack_succeeds(stack, GROUP_ACCOUNT, answer, &scene);
}
