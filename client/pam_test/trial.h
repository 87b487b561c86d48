/* One login on trial: what jeton-pam-test is told, and the steps it takes. */
#ifndef JETON_PAM_TEST_TRIAL_H
#define JETON_PAM_TEST_TRIAL_H

#include "../stack/line.h"

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX LINE_WORDS_MAX

struct trial {
        const char *user;
        const char *service; /* NULL: a stack of the module alone */
        const char *root;    /* where the service's lines are; NULL: this host */
        const char *module;
        const char *words[WORDS_MAX]; /* the module's arguments */
        size_t word_count;
        bool json, with_session;
};

#define TRIAL_SERVICE "jeton-pam-test" /* where none is named */

/* Fills an empty folder with the service and all that it includes, or with the module's own lines;
 * and whether pam_jeton is in them. 0, or -errno having said why. */
int stack_copy(const struct trial *trial, const char *folder, bool *ret_has_jeton);

/* libpam's conversation: on the terminal, or with standard input. */
extern const struct pam_conv conversation;

/* Whether pam_jeton has logged an error since it was asked last: then it could not do its part. */
bool log_had_trouble(void);

/* What is known of a login beside its codes, and goes before what they mean otherwise. */
enum circumstance {
        CIRCUMSTANCE_NONE,
        CIRCUMSTANCE_NO_ACCOUNT,
        CIRCUMSTANCE_NO_LINE, /* of pam_jeton in the stack */
        CIRCUMSTANCE_TROUBLE, /* log_had_trouble() */
};

struct result {
        const char *phase;
        int code;
        enum circumstance circumstance;
        int64_t ms;
};

/* The phases in order, as an application would. Gives how many there were, or -errno having said
 * why there could be none. */
#define RESULTS_MAX 6
int trial_run(const struct trial *trial, struct result ret[RESULTS_MAX]);

/* What a code is called, means, and asks for. */
struct code {
        int number;
        const char *name, *means, *advice; /* advice: NULL where nothing is to be done */
        enum circumstance circumstance;    /* where it means that; NONE: in all */
};

/* Never NULL. */
const struct code *code_find(int number, enum circumstance circumstance);

#endif
