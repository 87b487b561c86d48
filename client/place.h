/* Where the daemon is: its socket, the folder of its public pages, and whose they may be. */
#ifndef JETON_CLIENT_PLACE_H
#define JETON_CLIENT_PLACE_H

#include <sys/types.h>

struct place {
        char *socket_path;
        char *dir;      /* of the socket and the pages */
        uid_t also_uid; /* who besides root may run the daemon; (uid_t)-1: nobody */
};

/* `socket_path`, else JETON_SOCKET (not in set-user-ID programs), else the host's own. A path that
 * somebody chose may be the caller's own daemon's. 0; -EINVAL for an empty path; -ENOMEM. */
int place_find(const char *socket_path, struct place *ret);

void place_clear(struct place *place);

#endif
