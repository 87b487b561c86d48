/* The keys that a configuration file may hold: one table (keys.c), and how one value is spelled. */
#ifndef JETON_PARENT_KEYS_H
#define JETON_PARENT_KEYS_H

#include "../../common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum section {
        SECTION_ROOT,
        SECTION_WEB,      /* web { ... }               struct web */
        SECTION_AUDIENCE, /* audience "..." { ... }    struct audience */
        SECTION_SCOPE,    /* scope "..." { ... }       struct scope */
        SECTION_IDENTITY, /* identity NAME { ... }     struct service */
        SECTION_SELF,     /* self { ... }              struct service */
        SECTION_SOURCE,   /* source "..." { ... }      struct source */
        SECTION_OUTSIDE,  /* issuer "..." { ... }      struct outside_issuer */
};

enum value_kind {
        VALUE_NUMBER,   /* uint32_t */
        VALUE_DURATION, /* uint32_t: seconds; a number and s, m, h or d */
        VALUE_CHOICE,   /* uint32_t: the position among `choices` */
        VALUE_WORD,     /* char * */
        VALUE_LIST,     /* char *: space-separated words */
};

struct key {
        const char *name;
        enum section section;
        enum value_kind kind;
        size_t offset;       /* in the section's struct */
        const char *initial; /* the default as a file would spell it; NULL: zero or empty */
        uint32_t least, most;
        const char *const *choices;        /* closed by NULL */
        bool (*is_good)(struct text word); /* of a word, or of each word of a list */
        const char *must_be;               /* what is_good() asks for, to finish "must be ..." */
        bool fixed;                        /* only a restart can change it */
        bool system_only;                  /* with --state it has no default */
};

#define KEYS_MAX 96 /* of all sections; keys.c refuses to be compiled with more */

extern const struct key keys[];
extern const size_t key_count;

/* The title of an audience or scope section; NULL for the sections without one. */
bool title_is_good(enum section section, struct text title);

/* To be said behind that it is not: what it must be, where its name does not tell. */
const char *title_must_be(enum section section);

/* NULL where there is no such key. */
const struct key *key_find(enum section section, const char *name);

#define VALUE_WRONG_MAX  256
#define SETTING_WORD_MAX 1024 /* of a single word, with its NUL; the grammars are narrower */

/* Checks one value (of a list: one word). 0, or -EINVAL with the reason. */
int value_check(const struct key *key, const char *value, char ret_wrong[VALUE_WRONG_MAX]);

/* Stores a checked value (of a list: all words, space-separated) in the struct of its section.
 * 0 or -ENOMEM. */
int value_store(const struct key *key, const char *value, void *object);

/* Whether two structs of the section hold the same value. */
bool value_equal(const struct key *key, const void *a, const void *b);

/* Makes `to` hold what `from` holds. 0 or -ENOMEM. */
int value_copy(const struct key *key, const void *from, void *to);

void value_clear(const struct key *key, void *object);

/* "name = value" and a newline, indented; nothing for an empty word. */
void value_print(const struct key *key, const void *object, int indent, FILE *to);

/* A text between double quotes as libconfuse reads it. */
void quoted_print(const char *text, FILE *to);

#endif
