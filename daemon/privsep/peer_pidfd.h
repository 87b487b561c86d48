/* Who is at the other end of a Unix socket, as a descriptor that no other process can come to
 * stand behind. */
#ifndef JETON_PRIVSEP_PEER_PIDFD_H
#define JETON_PRIVSEP_PEER_PIDFD_H

/* The pidfd of the process that called connect(2). 0; -ENOPROTOOPT: this kernel does not tell
 * (before 6.5); other -errno. */
int peer_pidfd(int socket, int *ret_pidfd);

#endif
