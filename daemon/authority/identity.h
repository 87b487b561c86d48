/* Which rule of the configuration speaks of a process, by the ids that the kernel told and
 * the unit that it is in. Pure questions on the settings; no name of an account and no pid is
 * looked at. */
#ifndef JETON_AUTHORITY_IDENTITY_H
#define JETON_AUTHORITY_IDENTITY_H

#include "connection.h"
#include "settings.h"

enum identity_match {
        IDENTITY_NONE = 0,  /* no block has this process, and there is no self */
        IDENTITY_NOT_NAMED, /* none of that name, or it has not this process */
        IDENTITY_SEVERAL,   /* the caller is to name one: client_id */
        IDENTITY_FOUND = 0x6a,
};

/* Whether that is its gid or one of its supplementary groups. */
bool peer_is_in(const struct peer *peer, uint32_t gid);

/* Whether the block has a process of these ids (its uid, its gid or a supplementary group) in that
 * unit, where it names one. Self has everybody. */
bool identity_has(const struct identity_rule *rule, const struct peer *peer);

/* Whether the unit of this process matters: a block that has its ids names one. */
bool identity_asks_unit(const struct settings *settings, const struct peer *peer);

/* The rule for that process: the block that `name` names; without a name the one block that has it,
 * or self where none does. `local` names self. *ret is touched only for IDENTITY_FOUND. */
enum identity_match identity_find(const struct settings *settings, const struct peer *peer,
                                  struct text name, const struct identity_rule **ret);

/* The block that names that unit; of several, the one that is called `name`. *ret is touched only
 * for IDENTITY_FOUND. */
enum identity_match identity_find_unit(const struct settings *settings, struct text unit,
                                       struct text name, const struct identity_rule **ret);

/* The block or self of that name; NULL when there is none. */
const struct identity_rule *identity_named(const struct settings *settings, struct text name);

/* Whether a block gives this process the right to ask about other people's logins. */
bool identity_may_act_for(const struct settings *settings, const struct peer *peer);

#endif
