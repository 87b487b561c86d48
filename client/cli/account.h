/* Local accounts, as the host's NSS knows them. Only the command asks; the daemon is told a uid. */
#ifndef JETON_CLI_ACCOUNT_H
#define JETON_CLI_ACCOUNT_H

#include <sys/types.h>

/* The uid of "1000" or of the account "alice". 0; -ENOENT having said so. */
int account_uid(const char *word, uid_t *ret_uid);

/* The name of an account; NULL when there is none. Static: until the next call. */
const char *account_name(uid_t uid);

#endif
