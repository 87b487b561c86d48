/* Whether the libraries do here what they are relied on for. */
#ifndef JETON_ISSUER_SELF_CHECK_H
#define JETON_ISSUER_SELF_CHECK_H

#include <stdbool.h>

/* Verifies published examples, good and spoiled. Loads all that verifying ever will. */
bool self_check(void);

#endif
