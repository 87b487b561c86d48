/* One audit line as it grows: key=value words, printable ASCII and nothing else, whatever it is
 * given. Knows neither who asks nor where the line goes. */
#ifndef JETON_AUTHORITY_AUDIT_LINE_H
#define JETON_AUTHORITY_AUDIT_LINE_H

#include "../../common/text.h"

#include <stdint.h>

#define AUDIT_LINE_MAX 1900 /* with what is before it, a line of common/log.c */

struct audit_line {
        char text[AUDIT_LINE_MAX + 1];
        size_t len;
};

/* What a word means in the journal. The words that have no row are in its message alone. */
struct audit_key {
        const char *key, *field;
};

const struct audit_key *audit_keys(size_t *ret_count);

/* Each adds one word. A word that does not fit any more is left out, whole. */
void audit_line_word(struct audit_line *line, const char *key, const char *value);
void audit_line_number(struct audit_line *line, const char *key, uint64_t value);
/* Of what came from outside: quoted and escaped. Nothing for an empty text. */
void audit_line_quoted(struct audit_line *line, const char *key, struct text value);
/* Whether there is one of that key already. */
bool audit_line_has(const struct audit_line *line, const char *key);
/* Key=value words of our own, made elsewhere. */
void audit_line_words(struct audit_line *line, struct text words);
/* RFC 3339, in UTC, to the millisecond. */
void audit_line_time(struct audit_line *line, int64_t wall_ms);

/* Cuts the first word off `rest`, a line's text. false when none is left. The value is without its
 * quotes. */
bool audit_line_next(struct text *rest, struct text *ret_key, struct text *ret_value);

#endif
