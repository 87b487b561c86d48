/* What is printed on standard output. Everything from outside passes here, so that no name and no
 * answer can steer a terminal. */
#ifndef JETON_CLI_OUTPUT_H
#define JETON_CLI_OUTPUT_H

#include "../../common/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Printable UTF-8 as it is; controls, what turns the writing direction, and the bytes of anything
 * that is no UTF-8 as \xNN. */
void output_text(struct text text);

/* "  label      text" and a newline; nothing when the text is empty. */
void output_field(const char *label, struct text text);

#define DURATION_SIZE 32

/* "119 s", "15 min", "3 h", "2 days": `ret`. */
const char *duration_text(int64_t seconds, char ret[DURATION_SIZE]);

/* "  label      2026-01-31T12:00:00Z (in 15 min)". */
void output_time(const char *label, int64_t when);

/* A member that is a string; "" otherwise. Lent by `object`. */
struct text member_text(const json_t *object, const char *name);

/* The texts of an array, a space between two; and the same as a field. */
void output_words(const json_t *words);
void output_field_words(const char *label, const json_t *words);

/* What `print` makes of each of a list; or the list itself, as JSON. */
void output_list(const json_t *list, void (*print)(const json_t *one), bool as_json);

/* {"name": "value"}: what --json says of something that is done. */
void output_json_fact(const char *name, const char *value);

/* Indented, ASCII only. */
void output_json(const json_t *json);

#endif
