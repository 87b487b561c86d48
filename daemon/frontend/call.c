/* Pending calls: from the number in an answer to the connection that waits for it. */
#include "call.h"

#include "connection.h"
#include "frontend.h"
#include "request.h"

static struct call **bucket_of(struct calls *calls, uint64_t number) {
        return &calls->buckets[number % CALL_BUCKETS];
}

/* The place in its bucket that points to the call of that number, or to NULL. */
static struct call **find(struct calls *calls, uint64_t number) {
        struct call **place = bucket_of(calls, number);

        while (*place && (*place)->number != number)
                place = &(*place)->next;
        return place;
}

/* 0 is nobody's number, and after four thousand million calls an old one may still be waiting. */
static uint32_t new_number(struct calls *calls) {
        do
                calls->last_number++;
        while (calls->last_number == 0 || *find(calls, calls->last_number));
        return calls->last_number;
}

static void pending_add(struct calls *calls, struct call *call) {
        struct call **bucket = bucket_of(calls, call->number);

        call->next = *bucket;
        *bucket = call;
}

static void pending_remove(struct calls *calls, struct call *call) {
        *find(calls, call->number) = call->next;
        *call = (struct call){0};
}

/* Requests of one connection of a proxy may be of several callers: the authority hears of each who
 * is not the one before. */
static int tell_caller(struct request *request) {
        char place[REMOTE_SIZE];
        struct msg_caller caller = {.connection = request->number};
        int r;

        if (request->class != CLASS_WEB)
                return 0;
        caller.remote = remote_parse(request->head.forwarded_for, place);
        if (text_is(caller.remote, text_of(request->remote)))
                return 0;
        r = frontend_tell_authority(request->frontend, MSG_CALLER, 0, &caller);
        return r < 0 ? r : text_copy(caller.remote, request->remote, sizeof request->remote);
}

int call_ask(struct request *request, const struct exchange *exchange, const void *message) {
        struct calls *calls = &request->frontend->calls;
        struct call *call = connection_call(request->connection);
        int r;

        r = tell_caller(request);
        if (r < 0)
                return r;
        *call = (struct call){
                .number = new_number(calls),
                .exchange = exchange,
                .connection = request->connection,
        };
        r = frontend_tell_authority(request->frontend, exchange->ask, call->number, message);
        if (r < 0) {
                *call = (struct call){0};
                return r;
        }
        pending_add(calls, call);
        request->questions++;
        request->is_asked = true;
        return 0;
}

int call_take_answer(struct frontend *frontend, const struct frame *frame) {
        struct call *call = *find(&frontend->calls, frame->call);
        struct connection *connection;
        const struct exchange *exchange;

        if (frame->call == 0 || !call)
                return -EPROTO;
        exchange = call->exchange;
        connection = call->connection;
        if (exchange->part != MSG_NONE && frame->type == exchange->part)
                return connection_take_part(connection, exchange->take_part, &frame->message);
        if (frame->type != MSG_ANSWER_REFUSED && frame->type != exchange->answer)
                return -EPROTO;
        pending_remove(&frontend->calls, call);
        connection_take_answer(connection,
                               frame->type == MSG_ANSWER_REFUSED ? NULL : exchange->finish,
                               &frame->message);
        return 0;
}
