/* Where passwords come from: a terminal, without echo, or one line of standard input. Never from an
 * argument or the environment, which other processes can read. */
#ifndef JETON_CLI_PASSWORD_H
#define JETON_CLI_PASSWORD_H

#include "../../common/secret.h"

/* Asks with `prompt` where standard input is a terminal and `line_only` is not set; otherwise reads
 * one line of it. `twice`: a terminal is asked again, and both must be equal. Says itself what went
 * wrong. 0 or -errno; -EINTR: a signal ended it. */
int password_get(const char *prompt, bool twice, bool line_only, struct secret **ret);

/* Another system's hash of a password: one line of standard input. As above. */
int password_hash_get(struct secret **ret);

#endif
