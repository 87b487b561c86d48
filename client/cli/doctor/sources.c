/* Who is asked for passwords, as the settings have it. That each source's stack is there, can be
 * read, and asks neither jetond again nor lets root in, is looked at by jetond itself, whenever it
 * reads its settings: so what it prints is good. Below --root it does not look: it would find this
 * system's. */
#include "doctor.h"
#include "settings.h"

#include "../../../common/cleanup.h"

#define SOURCE    "source \""
#define DIRECTORY "directory = \""
#define PAM       "pam:"

/* The lines of one section, up to its brace. */
static void section_tell(struct doctor *doctor, struct text name, struct text *rest) {
        struct text directory = TEXT("/etc/pam.d"), line = TEXT_NONE;

        while (!text_is(line, TEXT("}")) && settings_line(rest, &line))
                settings_value(line, TEXT(DIRECTORY), &directory);
        if (doctor->root && text_begins(name, TEXT(PAM)))
                doctor_find(doctor, VERDICT_UNSEEN, NULL,
                            "passwords are asked of %.*s: jetond would look at this system's "
                            "stack, not at that below --root",
                            TEXT_ARGS(name));
        else if (text_begins(name, TEXT(PAM)))
                doctor_find(doctor, VERDICT_OK, NULL,
                            "passwords are asked of %.*s: the stack %.*s/%.*s is good",
                            TEXT_ARGS(name), TEXT_ARGS(directory), (int)(name.len - strlen(PAM)),
                            name.p + strlen(PAM));
        else
                doctor_find(doctor, VERDICT_OK, NULL, "passwords are asked of the %.*s",
                            TEXT_ARGS(name));
}

void check_sources(struct doctor *doctor) {
        settings_sections(doctor, TEXT(SOURCE), section_tell);
}
