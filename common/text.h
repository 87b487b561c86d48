/* Lent bytes with a length: what decoders and parsers hand out. Never owned, not terminated by
 * NUL, may hold any byte. What is to be kept is copied by the keeper. */
#ifndef JETON_TEXT_H
#define JETON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
        const char *p; /* borrowed: lives as long as the buffer it was cut from */
        size_t len;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NONE     ((struct text){NULL, 0})

/* For printf's "%.*s". Only for text that has passed a grammar; use log_escape() otherwise. */
#define TEXT_ARGS(text) (int)(text).len, ((text).p ? (text).p : "")

static inline struct text text_of(const char *string) {
        return (struct text){string, string ? strlen(string) : 0};
}

/* Not for secrets: secret_equal() compares those. */
static inline bool text_is(struct text a, struct text b) {
        return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool text_begins(struct text text, struct text with) {
        return text.len >= with.len && text_is((struct text){text.p, with.len}, with);
}

static inline bool text_has(struct text text, char byte) {
        return text.len > 0 && memchr(text.p, byte, text.len) != NULL;
}

/* Without the `blanks` at its ends. */
struct text text_trim(struct text text, struct text blanks);

/* Cuts the first word off a list whose words are separated by single or repeated spaces.
 * false when no word is left. */
bool text_next_word(struct text *list, struct text *ret_word);

/* Cuts the next line off, which comes without its newline. false when nothing is left. */
bool text_next_line(struct text *rest, struct text *ret_line);

/* Whether `word` is one of the space-separated words of `list`. */
bool text_list_has(struct text list, struct text word);

/* Copies into a fixed array with a NUL behind. 0; -ENAMETOOLONG when it does not fit; -EINVAL when
 * it holds a NUL. */
int text_copy(struct text text, char *ret, size_t size);

/* A decimal number without sign, leading zeros or blanks, at most `max`. 0 or -EINVAL. */
int text_number(struct text text, unsigned long long max, unsigned long long *ret);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms), without C0 and C1 controls. */
bool text_is_printable_utf8(struct text text);

#endif
