/* Tells the section from the key by what follows the word: a title. Knows strings, so as not to
 * look into them, and nothing else of the language. */
#include "issuer_word.h"

#include "comments.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define WORD   "issuer"
#define LENGTH (sizeof WORD - 1)

_Static_assert(sizeof ISSUER_SECTION == sizeof WORD, "it takes the place of the word");

/* A title without quotes can only be an address: no key begins like one, so the value of a list
 * before such a key is not taken for the section. */
static bool is_section(const char *at) {
        if (strncmp(at, WORD, LENGTH) != 0)
                return false;
        at += LENGTH;
        if (*at == '"' || *at == '\'')
                return true;
        if (!*at || !strchr(BLANKS, *at))
                return false;
        at += strspn(at, BLANKS);
        return *at == '"' || *at == '\'' || strncmp(at, "https:", 6) == 0;
}

void issuer_word_mark(char *text) {
        bool is_word_start = true;
        char *at = text;

        while (*at) {
                if (*at == '"' || *at == '\'') {
                        at = comments_string_end(at);
                        is_word_start = true;
                        continue;
                }
                if (is_word_start && is_section(at))
                        memcpy(at, ISSUER_SECTION, LENGTH);
                is_word_start = strchr(BLANKS "={}(),", *at) != NULL;
                at++;
        }
}

void issuer_word_restore(char *message) {
        char *at;

        while ((at = strstr(message, ISSUER_SECTION)))
                memcpy(at, WORD, LENGTH);
}
