/* What a column of a table, or a member of an object, says of a user: other programs have other
 * names for it, and other spellings of what it may be. */
#ifndef JETON_CLI_IMPORT_MEMBER_H
#define JETON_CLI_IMPORT_MEMBER_H

#include "row.h"

#define MEMBER_COUNT 13

struct member;

/* NULL: it says nothing that is known here. Case does not matter. */
const struct member *member_find(struct text column);

/* Whether this one names the user: a table without such a column has no users. */
bool member_is_name(const struct member *member);
bool member_is_hash(const struct member *member);
bool member_is_email(const struct member *member);

/* Of each member the column that says it; names are borrowed. */
struct members_seen {
        const char *columns[MEMBER_COUNT];
};

/* Notes a column that says it. NULL, or the one before that says the same and would be lost; of
 * flags none is, since each can disable a user. */
const char *member_note(struct members_seen *seen, const struct member *member, const char *column);

/* Puts a value into the row, or refuses the row; null and the empty text say nothing. `value` is
 * borrowed. 0 or -ENOMEM. */
int member_set(const struct member *member, const json_t *value, struct row *row);

/* When all members are there: what only together makes sense. 0 or -ENOMEM. */
int members_finish(struct row *row, bool names_from_email);

#endif
