/* jeton verify with a key that is given: tokens of others, and any compact JWS. */
#ifndef JETON_CLI_VERIFY_FOREIGN_H
#define JETON_CLI_VERIFY_FOREIGN_H

#include "command.h"

#define FOREIGN_OPTIONS                                                                    \
        (OPTION_BIT(OPTION_JWK) | OPTION_BIT(OPTION_JWKS) | OPTION_BIT(OPTION_RAW) |       \
         OPTION_BIT(OPTION_TYPE) | OPTION_BIT(OPTION_ISSUER) | OPTION_BIT(OPTION_LEEWAY) | \
         OPTION_BIT(OPTION_AT))

/* Whether any of them is given. */
bool is_foreign(const struct cli *cli);

enum status verify_foreign(const struct cli *cli);

#endif
