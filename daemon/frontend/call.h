/* Questions to the authority that wait for their answer. Each has a number, and what may come back
 * is known before it is sent. */
#ifndef JETON_FRONTEND_CALL_H
#define JETON_FRONTEND_CALL_H

#include "../privsep/channel.h"

struct connection;
struct frontend;
struct request;

/* Goes on with a request when an answer is there; it composes the response, or asks on (not as a
 * part of a list). 0 or -errno: request_fail(). What it is given is lent. */
typedef int call_finish(struct request *request, const union message *answer);

/* One question and its answers. MSG_ANSWER_REFUSED may come to any of them, and is told to the
 * caller as it stands. */
struct exchange {
        enum message_type ask;
        enum message_type answer; /* ends the call */
        call_finish *finish;
        enum message_type part; /* MSG_NONE, or what may come before, any number of times */
        call_finish *take_part; /* 0; -EPROTO: more than was asked for */
};

/* Embedded in its connection, which stays until the answer has come. */
struct call {
        uint32_t number; /* 0: none is pending */
        const struct exchange *exchange;
        struct connection *connection; /* borrowed: it holds us */
        struct call *next;             /* of the same bucket; borrowed */
};

#define CALL_BUCKETS 1024

/* The pending calls, by number. */
struct calls {
        struct call *buckets[CALL_BUCKETS]; /* borrowed */
        uint32_t last_number;
};

/* Sends the question, as the one pending call of the request's connection. 0; -EMSGSIZE: a value of
 * the caller's is longer than the authority takes; other -errno: the authority is gone. */
int call_ask(struct request *request, const struct exchange *exchange, const void *message);

/* Hands a frame to the connection that waits for it. 0; -EPROTO: nobody asked for it. */
int call_take_answer(struct frontend *frontend, const struct frame *frame);

#endif
