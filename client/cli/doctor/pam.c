/* The PAM services that use the module: are their lines such that nobody is locked out, and nobody
 * let in? What many services include is said once. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "pam_lines.h"
#include "pam_rules.h"
#include "pam_services.h"

#include <string.h>

/* The module's line in each service of which something is to be said; NULL: nothing is. */
struct said {
        const struct stack_entry *lines[SERVICES_MAX];
};

static void name_add(char **list, const char *name) {
        char *longer;

        if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? ", " : "", name) < 0)
                return;
        free(*list);
        *list = longer;
}

/* The services that share the line of service `first`, which are done then. */
static char *sharers_take(const struct services *services, struct said *said, size_t first) {
        const struct stack_entry *line = said->lines[first];
        char *names = NULL;
        size_t i;

        for (i = first; i < services->count; i++) {
                const struct stack_entry *other = said->lines[i];

                if (!other || other->number != line->number || strcmp(other->file, line->file) != 0)
                        continue;
                name_add(&names, services->stacks[i]->service);
                said->lines[i] = NULL;
        }
        return names;
}

static bool say(struct doctor *doctor, const struct services *services, const struct saying *saying,
                struct said *said) {
        bool is_good = true;
        size_t i;

        for (i = 0; i < services->count; i++) {
                const struct stack_entry *line = said->lines[i];
                _cleanup_(freep) char *names = NULL;

                if (!line)
                        continue;
                names = sharers_take(services, said, i);
                doctor_find(doctor, saying->verdict, saying->advice, "%s:%u (%s of %s): %s",
                            line->file, line->number, stack_group_names[saying->group],
                            names ? names : "?", saying->found);
                is_good = false;
        }
        return is_good;
}

static bool check_rule(struct doctor *doctor, const struct services *services, size_t rule) {
        const struct saying saying = pam_rule_saying(rule);
        struct said said = {{NULL}};
        size_t i;

        for (i = 0; i < services->count; i++) {
                const struct stack *stack = services->stacks[i];
                const struct stack_entry *line =
                        services_entry(stack, saying.group, entry_is_jeton);

                if (line && pam_rule_is_broken(stack, rule))
                        said.lines[i] = line;
        }
        return say(doctor, services, &saying, &said);
}

/* ---- lines that are not there ---- */

static bool lacks(const struct stack *stack, enum stack_group group) {
        return !services_entry(stack, group, entry_is_jeton);
}

static bool lacks_account(const struct stack *stack) {
        return lacks(stack, GROUP_ACCOUNT);
}

static bool is_of_another(const struct stack_entry *entry) {
        return !entry_is_jeton(entry);
}

static bool has_others_session(const struct stack *stack) {
        return services_entry(stack, GROUP_SESSION, is_of_another) != NULL;
}

/* Who only asks for a password, as a screen locker does, has no sessions at all. */
static bool lacks_session(const struct stack *stack) {
        return lacks(stack, GROUP_SESSION) && has_others_session(stack);
}

static bool is_alone_in_session(const struct stack *stack) {
        return !lacks(stack, GROUP_SESSION) && !has_others_session(stack);
}

static const struct absence {
        bool (*is_absent)(const struct stack *stack);
        struct saying saying;
} absences[] = {
        {lacks_account,
         {GROUP_AUTH, VERDICT_WARNING,
          "no account line of pam_jeton: a disabled user still comes in by an ssh key",
          "add `account required pam_jeton.so`"}},
        {lacks_session,
         {GROUP_AUTH, VERDICT_WARNING, "no session line of pam_jeton: its sessions have no token",
          "add `session optional pam_jeton.so`"}},
        {is_alone_in_session,
         {GROUP_SESSION, VERDICT_BROKEN,
          "the only session line: root and accounts that are not jeton's get no session",
          "add `session required pam_unix.so` before it"}},
};

static bool check_absence(struct doctor *doctor, const struct services *services,
                          const struct absence *absence) {
        struct said said = {{NULL}};
        size_t i;

        for (i = 0; i < services->count; i++)
                if (absence->is_absent(services->stacks[i]))
                        said.lines[i] = services_entry(services->stacks[i], absence->saying.group,
                                                       entry_is_jeton);
        return say(doctor, services, &absence->saying, &said);
}

/* ---- a change that is asked for ---- */

static bool is_any(const struct stack_entry *entry) {
        (void)entry;
        return true;
}

/* For a group that a service has no line of, libpam takes the lines of "other". */
static bool lacks_change(const struct services *services, const struct stack *stack) {
        const bool has_own = services_entry(stack, GROUP_PASSWORD, is_any) != NULL;
        const struct stack *taken = has_own ? stack : services->other;

        return !taken || lacks(taken, GROUP_PASSWORD);
}

static bool check_change(struct doctor *doctor, const struct services *services) {
        static const struct saying saying = {
                GROUP_ACCOUNT, VERDICT_WARNING,
                "asks for another password when jeton's must be changed, and no password line of "
                "pam_jeton can change it: who has to does not get in",
                "add a password line as pam_jeton(8) shows, or `new_authtok_reqd=ignore` here"};
        struct said said = {{NULL}};
        size_t i;

        for (i = 0; i < services->count; i++) {
                const struct stack *stack = services->stacks[i];

                if (pam_asks_for_change(stack) && lacks_change(services, stack))
                        said.lines[i] = services_entry(stack, GROUP_ACCOUNT, entry_is_jeton);
        }
        return say(doctor, services, &saying, &said);
}

/* ---- files that libpam refuses ---- */

static bool check_files(struct doctor *doctor, const struct services *services) {
        bool is_good = true;
        size_t i;

        for (i = 0; i < services->count; i++) {
                if (!services->stacks[i]->problem)
                        continue;
                is_good = false;
                doctor_find(doctor, VERDICT_BROKEN, "pam.conf(5) has the grammar", "service %s: %s",
                            services->stacks[i]->service, services->stacks[i]->problem);
        }
        if (services->unreadable > 0)
                doctor_find(doctor, VERDICT_UNSEEN, "run it as root", "%zu services cannot be read",
                            services->unreadable);
        return is_good;
}

static void say_all_is_well(struct doctor *doctor, const struct services *services) {
        _cleanup_(freep) char *names = NULL;
        size_t i;

        for (i = 0; i < services->count; i++)
                name_add(&names, services->stacks[i]->service);
        doctor_find(doctor, VERDICT_OK, NULL, "nobody is locked out or let in by %s",
                    names ? names : "?");
}

void check_pam(struct doctor *doctor) {
        _cleanup_(services_clear) struct services services = {.count = 0};
        bool is_good;
        size_t i;

        services_find(doctor->root, &services);
        doctor->has_pam = services.count > 0;
        is_good = check_files(doctor, &services);
        if (services.count == 0) {
                doctor_find(doctor, VERDICT_OK, NULL, "no service uses pam_jeton");
                return;
        }
        is_good &= pam_lines_check(doctor, &services);
        for (i = 0; i < pam_rules_count(); i++)
                is_good &= check_rule(doctor, &services, i);
        for (i = 0; i < ELEMENTS(absences); i++)
                is_good &= check_absence(doctor, &services, &absences[i]);
        is_good &= check_change(doctor, &services);
        if (is_good)
                say_all_is_well(doctor, &services);
}
