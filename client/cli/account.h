/* Local accounts, as the host's NSS knows them. Only the command asks; the daemon is told a uid. */
#ifndef JETON_CLI_ACCOUNT_H
#define JETON_CLI_ACCOUNT_H

#include <sys/types.h>

/* The uid of "1000" or of the account "alice". 0; -ENOENT having said so. */
int account_uid(const char *word, uid_t *ret_uid);

/* The gid of "100" or of the group "users". 0; -ENOENT having said so. */
int account_gid(const char *word, gid_t *ret_gid);

/* The groups that a login of that account has, its own first; none without an account. *count: the
 * room for them, then how many. 0; -E2BIG. */
int account_groups(uid_t uid, gid_t *ret_gids, int *count);

/* The name of an account; NULL when there is none. Static: until the next call. */
const char *account_name(uid_t uid);

#endif
