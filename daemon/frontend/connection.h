/* One connection's life: requests one after the other, each read, run, answered. */
#ifndef JETON_FRONTEND_CONNECTION_H
#define JETON_FRONTEND_CONNECTION_H

#include "../privsep/loop.h"
#include "call.h"
#include "input.h"
#include "request.h"

enum connection_state {
        CONNECTION_IDLE = 0, /* no byte of a request is there */
        CONNECTION_HEAD,
        CONNECTION_BODY,
        CONNECTION_ASKING, /* a call is pending */
        CONNECTION_WRITING,
        CONNECTION_LINGERING, /* answered early: what the caller still sends is thrown away, so that
                               * the answer reaches him before the end does */
        CONNECTION_CLOSED,    /* waits for the answer to its call */
};

struct connection {
        struct frontend *frontend;        /* borrowed */
        struct connection *next, **place; /* in frontend->connections */
        int fd;                           /* owned; -1 when closed */
        struct watch watch;
        struct timer deadline; /* what it means depends on the state */
        enum connection_state state;
        bool is_readable; /* the socket may have bytes that were not read */
        bool lingers;     /* the caller may still be sending */
        struct input input;
        struct request request;
        struct call call;
};

/* Takes over an accepted socket. 0; -errno: fd stays the caller's. */
int connection_open(struct frontend *frontend, const struct msg_connection *said, int fd);

/* The room for its one call. */
struct call *connection_call(struct connection *connection);

/* The answer to its call: NULL for a refusal. An answer that comes too late is dropped. May free
 * the connection. */
void connection_take_answer(struct connection *connection, call_finish *finish,
                            const union message *answer);

/* One of several answers before the last. 0 or -EPROTO. */
int connection_take_part(struct connection *connection, call_finish *take_part,
                         const union message *answer);

/* The server is going: closes an idle connection, makes the present answer of another its last. */
void connection_drain(struct connection *connection);

#endif
