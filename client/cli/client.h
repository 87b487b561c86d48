/* A confidential client as the daemon describes one (docs/protocol.md, POST /clients). */
#ifndef JETON_CLI_CLIENT_H
#define JETON_CLI_CLIENT_H

#include "ask.h"

/* All that is known, a line each; as JSON with --json. */
void client_print(const struct cli *cli, const json_t *client);

/* The secret alone on standard output, and on standard error that it is shown this once; with
 * --json the client with its secret. Wipes it. */
enum status client_print_secret(const struct cli *cli, json_t *client);

/* The client that the first operand names, with `rest` behind: to be freed. NULL: no memory. */
char *client_path(const struct cli *cli, const char *rest);

#endif
