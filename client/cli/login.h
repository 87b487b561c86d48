/* Logging in from the command line: shared by `login` and `token`. */
#ifndef JETON_CLI_LOGIN_H
#define JETON_CLI_LOGIN_H

#include "../../common/secret.h"
#include "command.h"

#define LOGIN_OPTIONS \
        (OPTION_BIT(OPTION_AUDIENCE) | OPTION_BIT(OPTION_SCOPE) | OPTION_BIT(OPTION_PASSWORD_STDIN))

#define LOGIN_MORE                                                                        \
        "NAME is the calling account's own unless told. The password is asked for on a\n" \
        "terminal, or is one line of standard input."

/* Asks for the password and logs the first operand in. STATUS_DONE, or having said why not. */
enum status login_now(struct cli *cli, struct jeton_tokens **ret_tokens);

/* The first operand, or the calling account's own name; NULL having said that there is none. */
const char *login_name(const struct arguments *arguments);

static inline void jeton_tokens_freep(struct jeton_tokens **tokens) {
        jeton_tokens_free(*tokens);
        *tokens = NULL;
}

#endif
