/* The stack of a PAM service: its lines in order, with what they include. Reads files and runs
 * nothing; what the lines come to is walk.h's business. */
#ifndef JETON_STACK_H
#define JETON_STACK_H

#include "line.h"

/* Where libpam looks, in that order (pam.conf(5)). */
#define STACK_DIR        "/etc/pam.d"
#define STACK_DIR_VENDOR "/usr/lib/pam.d"

#define STACK_FILE_MAX 65536

struct stack_entry {
        struct line line;
        char *file;       /* owned: where it stands */
        unsigned number;  /* the line's, from 1 */
        unsigned depth;   /* of substacks around it */
        bool is_substack; /* the line that opens one; the entries behind are deeper */
};

struct stack {
        char *service;
        struct stack_entry *entries; /* owned */
        size_t count;
        char **files; /* owned: the service's name and those included, each once; a file that was
                       * included by its path is not among them */
        size_t file_count;
        size_t read_count; /* of files, each time they were read */
        char *problem; /* owned: the first thing for which libpam refuses the service, or part of
                        * it; NULL: nothing */
};

/* 0; -ENOENT: no such service; other -errno of its file. What is wrong inside is its problem. */
int stack_read(const char *root, const char *service, struct stack **ret);
void stack_free(struct stack *stack);

static inline void stack_freep(struct stack **stack) {
        stack_free(*stack);
        *stack = NULL;
}

/* The file name of a module: "pam_unix.so" of "/lib/security/pam_unix.so". */
const char *stack_module_name(const struct stack_entry *entry);

/* The path of the file that holds a service, or what is included by that name; to be freed. 0,
 * -ENOENT, or -errno. */
int stack_file(const char *root, const char *name, char **ret_path, char **ret_bytes);

#endif
