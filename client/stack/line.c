/* One line of a PAM configuration. */
#include "line.h"

#include "../../common/cleanup.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\n"

const char *const stack_group_names[GROUP_COUNT] = {
        [GROUP_AUTH] = "auth",
        [GROUP_ACCOUNT] = "account",
        [GROUP_SESSION] = "session",
        [GROUP_PASSWORD] = "password",
};

/* A word up to the closing bracket, in which "\]" is a bracket; *at is set behind it. */
static char *bracketed_cut(char **at) {
        char *word = *at + 1, *to = word, *from = word;

        for (; *from && *from != ']'; from++) {
                if (from[0] == '\\' && from[1] == ']')
                        from++;
                *to++ = *from;
        }
        if (!*from)
                return NULL;
        *at = from + 1;
        *to = '\0';
        return word;
}

/* The next word, ended by a NUL; NULL when there is none, or its bracket stays open. */
static char *word_cut(char **at, bool *ret_bracketed) {
        char *word;

        *at += strspn(*at, BLANKS);
        *ret_bracketed = **at == '[';
        if (!**at)
                return NULL;
        if (*ret_bracketed)
                return bracketed_cut(at);
        word = *at;
        *at += strcspn(*at, BLANKS);
        if (**at)
                *(*at)++ = '\0';
        return word;
}

static int group_read(const char *word, struct line *line) {
        int group;

        line->is_silent = *word == '-';
        for (group = 0; group < GROUP_COUNT; group++)
                if (strcasecmp(word + line->is_silent, stack_group_names[group]) == 0) {
                        line->group = (enum stack_group)group;
                        return 0;
                }
        return -EINVAL;
}

/* "@include common-auth": all groups of a file. */
static int include_read(char *at, struct line *line) {
        static char include[] = "include";
        bool bracketed;

        line->group = GROUP_ANY;
        line->control = include;
        line->module = word_cut(&at, &bracketed);
        return line->module ? 0 : -EINVAL;
}

static int arguments_read(char *at, struct line *line) {
        bool bracketed;
        char *word;

        while ((word = word_cut(&at, &bracketed))) {
                if (line->argument_count == LINE_WORDS_MAX)
                        return -EINVAL;
                line->arguments[line->argument_count++] = word;
        }
        return *at ? -EINVAL : 0;
}

static int words_read(char *at, struct line *line) {
        bool bracketed;
        char *word = word_cut(&at, &bracketed);

        if (!word)
                return bracketed ? -EINVAL : -ENODATA;
        if (strcmp(word, "@include") == 0)
                return include_read(at, line);
        if (group_read(word, line) < 0)
                return -EINVAL;
        line->control = word_cut(&at, &line->is_bracketed);
        if (!line->control)
                return -EINVAL;
        line->module = word_cut(&at, &bracketed);
        return line->module ? arguments_read(at, line) : -EINVAL;
}

int line_read(const char *bytes, size_t len, struct line *ret) {
        struct line line = {.bytes = strndup(bytes, len)};
        int r;

        if (!line.bytes)
                return -ENOMEM;
        r = words_read(line.bytes, &line);
        if (r < 0) {
                free(line.bytes);
                return r;
        }
        *ret = line;
        return 0;
}

void line_clear(struct line *line) {
        free(line->bytes);
        *line = (struct line){0};
}
