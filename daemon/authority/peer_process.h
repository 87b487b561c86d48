/* The process at the other end of a connection, held by a descriptor (pidfd): nothing is decided by
 * it but when the session that it opened is over. */
#ifndef JETON_AUTHORITY_PEER_PROCESS_H
#define JETON_AUTHORITY_PEER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The process that called connect(2). Where the kernel has no SO_PEERPIDFD (before 6.5) it is
 * whoever has that pid now: another one, if the caller ended in between and its number was given
 * away again. 0 or -errno: it is gone, or of another pid namespace. */
int peer_process_open(int socket, pid_t pid, int *ret_pidfd);

/* Whether it has not ended; then its pid is still its own. -1 is nobody. */
bool peer_process_is_there(int pidfd);

/* What no other process of this boot has. -EOPNOTSUPP: the kernel does not tell (before 6.9). */
int peer_process_identity(int pidfd, uint64_t *ret);

/* The process with that pid, if it is still the one. 0; -ESRCH: it is not; other -errno. */
int peer_process_reopen(pid_t pid, uint64_t identity, int *ret_pidfd);

#endif
