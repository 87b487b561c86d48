/* What may be written about a user, whoever writes it. Pure questions. */
#ifndef JETON_AUTHORITY_USER_RULES_H
#define JETON_AUTHORITY_USER_RULES_H

#include "refusal.h"
#include "settings.h"

/* An empty text is always fine: it says that there is none. REFUSAL_NONE or why not. */
enum refusal rule_profile(struct text full_name, struct text email, struct text roles);

/* A new password of that user; the worker has more rules (worker/quality.c). */
enum complaint rule_password(const struct settings *settings, struct text username,
                             struct text password);

/* The hash of a password that another system made. REFUSAL_NONE or why it would not verify. */
enum refusal rule_password_hash(struct text hash);

#endif
