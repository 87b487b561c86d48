/* Where a token comes from: a file, standard input, or the places that bearer tokens are looked for
 * (WLCG Bearer Token Discovery). */
#ifndef JETON_CLI_TOKEN_SOURCE_H
#define JETON_CLI_TOKEN_SOURCE_H

#include "../../common/secret.h"
#include "command.h"

#define TOKEN_INPUT_MAX 65536

/* --token-file; otherwise BEARER_TOKEN, BEARER_TOKEN_FILE, $XDG_RUNTIME_DIR/bt_uUID, /tmp/bt_uUID,
 * the last two only when they are the caller's own. 0; -ENODATA, in silence: there is none; other
 * -errno, having said why. Blanks and newlines around it are cut off. */
int token_discover(const struct cli *cli, struct secret **ret);

/* The first operand, --token-file, or standard input. 0, or -errno having said why. */
int token_given(const struct cli *cli, struct secret **ret);

#endif
