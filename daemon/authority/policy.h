/* Who may have a token for what: audiences, scopes and roles as the configuration declares them.
 * Pure questions on the settings. */
#ifndef JETON_AUTHORITY_POLICY_H
#define JETON_AUTHORITY_POLICY_H

#include "call.h"

/* Picks the audience that is asked for; none means the issuer. REFUSAL_NONE and *ret, or why not.
 */
enum refusal policy_find_audience(const struct settings *settings, struct text asked,
                                  const struct audience_rule **ret);

/* Whether someone with these roles may have tokens for it. */
bool policy_may_use(const struct audience_rule *audience, struct text roles);

/* Whether the audience knows that scope, and whether these roles may have it. */
bool policy_declares_scope(const struct audience_rule *audience, struct text name);
bool policy_may_have_scope(const struct audience_rule *audience, struct text roles,
                           struct text name);

/* Adds a word to a list; one that is there already is not repeated. false when it is full. */
bool policy_list_add(char list[SCOPE_MAX + 1], struct text word);

/* The scope to grant: what was asked, whole, or all that these roles may have. Writes a
 * space-separated list. REFUSAL_NONE or REFUSAL_SCOPE: nothing asked is ever dropped in silence. */
enum refusal policy_find_scope(const struct audience_rule *audience, struct text roles,
                               struct text asked, char ret[SCOPE_MAX + 1]);

/* Whether the caller's uid may administer, by the kernel's word and on its own frontend. */
bool policy_is_admin(const struct call *call);

/* The scope of a token that is made of an earlier grant: what is asked of it, whole, or all of it
 * that these roles may still have. Never more than was granted. REFUSAL_NONE or REFUSAL_SCOPE. */
enum refusal policy_narrow_scope(const struct audience_rule *audience, struct text roles,
                                 struct text granted, struct text asked, char ret[SCOPE_MAX + 1]);

/* Whether a rule lets this peer ask about other people's logins, likewise. */
bool policy_may_act_for(const struct call *call);

/* Whether this call may administer as a peer: admin.h asks for bearers too. REFUSAL_NONE or why
 * not. */
enum refusal policy_admin(const struct call *call, enum credential credential);

/* Whether a user may be linked to that local account. */
bool policy_may_link(const struct call *call, uint32_t uid);

/* Whether a password may be exchanged for a token where this call comes from. REFUSAL_NONE or why
 * not. */
enum refusal policy_password_grant(const struct call *call);

#endif
