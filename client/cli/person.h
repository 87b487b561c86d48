/* A user of the database as the daemon describes one (docs/protocol.md, GET /users/me). */
#ifndef JETON_CLI_PERSON_H
#define JETON_CLI_PERSON_H

#include <jansson.h>

/* All that is known, a line each. */
void person_print(const json_t *person);

/* One row of a table, and its head. */
void person_print_row(const json_t *person);
void person_print_row_head(void);

#endif
