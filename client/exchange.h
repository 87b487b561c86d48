/* The client half of HTTP/1.1 on the daemon's socket (docs/protocol.md): one request, one reply,
 * one total deadline.
 *
 * Runs inside other people's programs, in the library and in the PAM module: no globals, no
 * threads, no signals, no environment, no output; every descriptor is closed on exec and none is 0,
 * 1 or 2. It knows nothing of tokens, forms or JSON.
 *
 * Consists of connect.c, exchange.c and reply.c; needs common/secret.c and common/text.c. */
#ifndef JETON_CLIENT_EXCHANGE_H
#define JETON_CLIENT_EXCHANGE_H

#include "../common/secret.h"
#include "reply.h"

#include <stdint.h>
#include <sys/types.h>

/* Everything is borrowed for the call. */
struct exchange_request {
        const char *method;        /* not HEAD, whose replies announce a body that never comes */
        const char *path;          /* encoded, with its query */
        struct text authorization; /* the field's whole value; empty: none is sent */
        struct text content_type;  /* empty: the request has no body */
        struct text body;
        size_t reply_max; /* bytes of the reply's body; 0: WIRE_REPLY_BODY_MAX */
};

struct exchange_reply {
        unsigned status;
        char content_type[REPLY_TYPE_SIZE]; /* media type without parameters, in lower case */
        struct secret *body;                /* never NULL after exchange() */
};

/* Connects to a daemon that root, or `also_uid`, called listen(2) for. (uid_t)-1 as `also_uid`:
 * only root. `deadline_ms` is a point of clock_monotonic_ms(). Paths of any length; a full backlog
 * is waited for.
 *
 * 0; -EPERM: the server is somebody else's; -ETIMEDOUT; -ENAMETOOLONG: the last component alone is
 * too long; otherwise what connect(2) says: -ENOENT, -ECONNREFUSED, -EACCES ... */
int exchange_connect(const char *socket_path, uid_t also_uid, int64_t deadline_ms, int *ret_fd);

/* The same whoever listens, and tells who it is: to look at it, never to be believed. */
int exchange_reach(const char *socket_path, int64_t deadline_ms, uid_t *ret_server, int *ret_fd);

/* Sends the request and reads its reply; interim replies (100 Continue) are skipped. The connection
 * may be used again after a success, unless the server closes it, and must be closed after a
 * failure.
 *
 * 0 for every complete reply, whatever its status; -EINVAL: the request cannot be written as HTTP;
 * -EBADMSG: the reply breaks HTTP, its bounds, or is followed by more bytes; -ECONNRESET: cut
 * short; -ETIMEDOUT; -ENOMEM. */
int exchange(int fd, const struct exchange_request *request, int64_t deadline_ms,
             struct exchange_reply *ret);

/* Wipes and frees the body and zeroes all else. A zeroed reply is fine. */
void exchange_reply_clear(struct exchange_reply *reply);

/* Sleeps until `fd` is ready for `events` (poll(2)); -1 as `fd` only waits for the time.
 * 0; -ETIMEDOUT; other -errno. */
int exchange_wait(int fd, short events, int64_t deadline_ms);

#endif
