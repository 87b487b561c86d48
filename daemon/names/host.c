/* The canonical name by getaddrinfo(3), which reads /etc/hosts or asks DNS. */
#include "host.h"

#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <netdb.h>
#include <sys/socket.h>

static void addrinfo_freep(struct addrinfo **list) {
        if (*list)
                freeaddrinfo(*list);
}

int host_canonical_name(char ret[HOST_NAME_SIZE]) {
        const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
        _cleanup_(addrinfo_freep) struct addrinfo *list = NULL;
        char host[HOST_NAME_SIZE] = "", canonical[HOST_NAME_SIZE];

        if (gethostname(host, sizeof host - 1) < 0)
                return -errno;
        memcpy(ret, host, sizeof host);
        if (getaddrinfo(host, NULL, &hints, &list) != 0 || !list->ai_canonname)
                return 0;
        /* "localhost" for the loopback address says less than the host's own name. */
        if (strncmp(list->ai_canonname, "localhost", strlen("localhost")) == 0)
                return 0;
        if (text_copy(text_of(list->ai_canonname), canonical, sizeof canonical) == 0)
                memcpy(ret, canonical, sizeof canonical);
        return 0;
}
