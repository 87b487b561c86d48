/* The command line of jetond(8). */
#ifndef JETON_PARENT_OPTIONS_H
#define JETON_PARENT_OPTIONS_H

#include <stdbool.h>

enum task {
        TASK_RUN = 0,
        TASK_CHECK, /* -n */
        TASK_PRINT, /* -T */
        TASK_JWKS,  /* --jwks */
};

struct options {
        enum task task;
        char *config; /* absolute */
        bool config_given;
        bool settings_only; /* --settings-only, with -n and -T */
        char *state;        /* --state, absolute; NULL: the system layout */
        char *programs;     /* absolute: the directory of the other programs */
        bool is_complete;   /* --help or --version: all is said, exit 0 */
};

/* 0; -EINVAL with the reason on standard error; -ENOMEM. */
int options_read(int argc, char **argv, struct options *ret);
void options_clear(struct options *options);

#endif
