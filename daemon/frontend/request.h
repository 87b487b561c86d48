/* One request, from its parsed head to its reply: what a route's function sees. Knows nothing of
 * sockets. */
#ifndef JETON_FRONTEND_REQUEST_H
#define JETON_FRONTEND_REQUEST_H

#include "../privsep/message.h"
#include "auth.h"
#include "authorization.h"
#include "fault.h"
#include "http.h"
#include "json.h"
#include "judge.h"
#include "remote.h"
#include "response.h"

struct connection;
struct frontend;
struct route;
struct sheets;

struct request {
        struct frontend *frontend;     /* borrowed */
        struct connection *connection; /* borrowed: it holds us */
        uint32_t number;               /* of the connection, as the authority calls it */
        uint64_t id;                   /* of the connection in audit lines */
        uint32_t questions;            /* asked of the authority, on this connection */
        bool is_asked;                 /* one of them was this request's */
        enum caller_class class;
        char remote[REMOTE_SIZE]; /* whom the authority takes for the connection's caller, on
                                   * web.sock; stays from request to request */

        struct http_head head; /* texts are lent by the connection's input */
        char *body;            /* borrowed likewise; decoded in place */
        size_t body_len;
        struct authorization authorization;
        const struct route *route; /* borrowed for ever; NULL: none was found */
        int64_t began_us;          /* when all of it had been read; 0: that never was */
        struct text parameter;     /* what stood at the hole in the route's pattern */

        struct text asked_token;    /* judge.c: lent by the input, while others are asked */
        judge_finish *judged;       /* judge.c: what goes on then */
        struct auth_rule rule;      /* auth.c: lent by the query likewise */
        char asker[CLIENT_MAX + 1]; /* introspect.c: the client that has proved itself, if any */
        char *asker_audiences;
        struct user_import *import; /* user_import.c */
        struct json list;           /* of what comes in several answers */
        struct sheets *sheets;      /* metrics.c: likewise; owned */
        struct fault fault;         /* why it was refused, with -EBADMSG */
        struct response response;
        bool closes; /* this reply is the connection's last */
};

/* Finds the route and lets it begin. Afterwards there is a response, or a call to the authority is
 * pending. */
void request_run(struct request *request);

/* Answers with an error: -EBADMSG tells the request's fault, any other -errno is ours. */
void request_fail(struct request *request, int error);

/* What a route's function says of a request that it refuses; -EBADMSG, to pass up. */
int request_refuse(struct request *request, uint16_t status, const char *error,
                   const char *description);

/* The authority's own words. 0 or -errno. */
int request_reply_refused(struct request *request, const struct msg_answer_refused *refused);

/* Composes the response. 0 or -errno. */
int request_reply_json(struct request *request, const struct reply *reply, const struct json *body);
/* The same with an entity tag made of the body; 304 where the caller has that one already. */
int request_reply_tagged(struct request *request, const struct reply *reply,
                         const struct json *body);
int request_reply_tagged_text(struct request *request, const struct reply *reply, struct text body);
int request_reply_text(struct request *request, const struct reply *reply, struct text body);

/* 204 for MSG_ANSWER_DONE: a struct exchange's finish. 0 or -errno. */
int request_reply_done(struct request *request, const union message *answer);

/* The bearer token of a request that must have one. 0, or -EBADMSG for a 401. */
int request_bearer(struct request *request, struct text *ret);

/* The same for what only an admin may: Peer or a bearer. */
int request_admin_credential(struct request *request, uint8_t *ret_credential,
                             struct text *ret_bearer);

/* Wipes and frees what the request has gathered, ready for the connection's next one. */
void request_clear(struct request *request);

#endif
