/* An access token on its way out. */
#ifndef JETON_CLI_TOKEN_PRINT_H
#define JETON_CLI_TOKEN_PRINT_H

#include "command.h"

/* As RFC 6749 5.1 has it. `expires_in`: 0 where it is not known; `scope`: "" or NULL for none. */
void token_print_json(const char *token, int64_t expires_in, const char *scope);

/* To standard output or, with --out, to a file: bare or with --header, or with --json. */
enum status token_print(const struct cli *cli, const char *token, int64_t expires_in,
                        const char *scope);

#endif
