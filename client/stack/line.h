/* One line of a PAM configuration, as pam.conf(5) has it and libpam reads it. */
#ifndef JETON_STACK_LINE_H
#define JETON_STACK_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum stack_group {
        GROUP_AUTH,
        GROUP_ACCOUNT,
        GROUP_SESSION,
        GROUP_PASSWORD,
        GROUP_COUNT,
        GROUP_ANY = GROUP_COUNT, /* of "@include" */
};

extern const char *const stack_group_names[GROUP_COUNT];

#define LINE_WORDS_MAX 64

/* Cut out of a copy of the line, which it owns. */
struct line {
        char *bytes;
        enum stack_group group;
        bool is_silent;    /* "-auth": a module that is not there is no trouble */
        bool is_bracketed; /* the control was in brackets, which are gone */
        char *control;     /* "required", "success=1 default=ignore", "include", "substack" */
        char *module;      /* a module, or the file to include */
        char *arguments[LINE_WORDS_MAX];
        int argument_count;
};

/* Reads a line without its comment; what was continued over several is one. 0; -ENODATA: it is
 * empty; -EINVAL: libpam would refuse it; -ENOMEM. */
int line_read(const char *bytes, size_t len, struct line *ret);
void line_clear(struct line *line);

#endif
