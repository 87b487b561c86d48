/* Blanks in the place of comments. Knows of the language what it takes to tell a comment from a
 * string: quotes, backslashes within them, and where a word may begin. */
#include "comments.h"

#include <stdbool.h>
#include <string.h>

char *comments_string_end(char *at) {
        char quote = *at++;

        while (*at && *at != quote) {
                if (*at == '\\' && at[1])
                        at++;
                at++;
        }
        return *at ? at + 1 : at;
}

static bool is_quote(char c) {
        return c == '"' || c == '\'';
}

/* The end of a comment that begins at `at`; `at` itself where none does. "#" begins one anywhere
 * outside of strings, the others only where a word may begin: "https://host" is a word. */
static char *comment_end(char *at, bool is_word_start) {
        char *end;

        if (*at == '#' || (is_word_start && strncmp(at, "//", 2) == 0))
                return at + strcspn(at, "\n");
        if (!is_word_start || strncmp(at, "/*", 2) != 0)
                return at;
        end = strstr(at + 2, "*/");
        return end ? end + 2 : at;
}

static void blank(char *from, const char *to) {
        for (; from < to; from++)
                if (*from != '\n')
                        *from = ' ';
}

static int line_of(const char *text, const char *at) {
        int line = 1;

        for (; text < at; text++)
                line += *text == '\n';
        return line;
}

int comments_blank(char *text) {
        bool is_word_start = true;
        char *at = text, *end;

        while (*at) {
                end = comment_end(at, is_word_start);
                if (end > at)
                        blank(at, end);
                else if (is_quote(*at))
                        end = comments_string_end(at);
                else
                        end = at + 1;
                if (is_quote(*at) && end[-1] != *at)
                        return line_of(text, at);
                is_word_start = strchr(" \t\n={}(),+", end[-1]) != NULL;
                at = end;
        }
        return 0;
}
