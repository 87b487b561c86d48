/* One connection's life. Each state has one step, and connection_drive() takes steps until the
 * caller, the authority or the clock must come first. A step never frees the connection: it passes
 * an error up, and the drive ends it in one place. */
#include "connection.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "frontend.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define ANSWER_MS     30000 /* the authority answers far sooner, or is replaced */
#define LINGER_MS     2000
#define DISCARD_READS 32 /* in one turn */

static void connection_drive(struct connection *connection);
static void connection_due(void *context);

static int set_deadline(struct connection *connection, int64_t within_ms) {
        return loop_timer(connection->frontend->loop, &connection->deadline,
                          clock_monotonic_ms() + within_ms, connection_due, connection);
}

static int enter(struct connection *connection, enum connection_state state, int64_t within_ms) {
        connection->state = state;
        return set_deadline(connection, within_ms);
}

static int receive(struct connection *connection) {
        bool is_empty = true;
        int r;

        if (!connection->is_readable)
                return -EAGAIN;
        r = input_receive(&connection->input, connection->fd, &is_empty);
        if (r == -EAGAIN || is_empty)
                connection->is_readable = false;
        return r;
}

/* What the caller takes to send and to read is his own time: a request that was not read to its end
 * took none. */
static void answer_count(const struct connection *connection) {
        const struct request *request = &connection->request;
        struct tally *tally = connection->frontend->tally;

        tally_answer(tally, request->response.status);
        if (request->began_us)
                tally_time(tally, request->route,
                           (uint64_t)(clock_monotonic_us() - request->began_us));
}

static int write_answer(struct connection *connection) {
        answer_count(connection);
        return enter(connection, CONNECTION_WRITING, connection->frontend->settings.request_ms);
}

/* The request is refused before it was read to its end: where it ends is not known any more. */
static int refuse_and_close(struct connection *connection, int error) {
        connection->request.closes = true;
        connection->lingers = true;
        request_fail(&connection->request, error);
        return write_answer(connection);
}

/* ---- the steps: 0 the state has moved on; -EAGAIN wait; other -errno close ---- */

static int step_idle(struct connection *connection) {
        int r = 0;

        if (connection->frontend->is_draining)
                return -ESHUTDOWN;
        if (connection->input.len == 0)
                r = receive(connection);
        if (r < 0)
                return r;
        return enter(connection, CONNECTION_HEAD, connection->frontend->settings.request_ms);
}

/* RFC 9110 10.1.1: only while the caller really waits. The socket takes these few bytes, or the
 * caller does not read and is no loss. */
static int send_continue(struct connection *connection) {
        static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
        ssize_t n = send(connection->fd, line, sizeof line - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

        return n == sizeof line - 1 ? 0 : -ECONNRESET;
}

static int step_head(struct connection *connection) {
        struct request *request = &connection->request;
        struct input *input = &connection->input;
        int r;

        r = input_head(input, &request->head, &request->fault);
        if (r == -EAGAIN)
                return receive(connection);
        if (r < 0)
                return refuse_and_close(connection, r);
        if (request->head.expects_continue && input->body && input->body_len == 0 &&
            input->used == input->len)
                r = send_continue(connection);
        connection->state = CONNECTION_BODY; /* under the deadline that is running */
        return r;
}

static int step_body(struct connection *connection) {
        struct request *request = &connection->request;
        int r;

        r = input_body(&connection->input, &request->fault);
        if (r == -EAGAIN)
                return receive(connection);
        if (r < 0)
                return refuse_and_close(connection, r);
        request->body = connection->input.body;
        request->body_len = connection->input.body_len;
        request->closes = connection->frontend->is_draining;
        request->began_us = clock_monotonic_us();
        request_run(request);
        if (connection->call.number)
                return enter(connection, CONNECTION_ASKING, ANSWER_MS);
        return write_answer(connection);
}

static int step_asking(struct connection *connection) {
        (void)connection;
        return -EAGAIN;
}

static int linger(struct connection *connection) {
        if (shutdown(connection->fd, SHUT_WR) < 0)
                return -errno;
        connection->is_readable = true;
        return enter(connection, CONNECTION_LINGERING, LINGER_MS);
}

static int step_writing(struct connection *connection) {
        struct request *request = &connection->request;
        bool closes = request->closes || !request->response.bytes;
        int r;

        r = response_send(&request->response, connection->fd);
        if (r < 0)
                return r;
        request_clear(request);
        input_next(&connection->input);
        if (closes)
                return connection->lingers ? linger(connection) : -ESHUTDOWN;
        return enter(connection, CONNECTION_IDLE, connection->frontend->settings.idle_ms);
}

/* unix(7): a socket that is closed with unread bytes resets its peer, who may then never see the
 * answer. */
static int step_lingering(struct connection *connection) {
        char thrown_away[4096];
        ssize_t n;
        int i;

        for (i = 0; i < DISCARD_READS; i++) {
                n = recv(connection->fd, thrown_away, sizeof thrown_away, MSG_DONTWAIT);
                if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                        return -EAGAIN;
                if (n <= 0)
                        return -ESHUTDOWN;
        }
        return -EAGAIN;
}

static int step_closed(struct connection *connection) {
        (void)connection;
        return -ESHUTDOWN;
}

static int (*const steps[])(struct connection *connection) = {
        [CONNECTION_IDLE] = step_idle,       [CONNECTION_HEAD] = step_head,
        [CONNECTION_BODY] = step_body,       [CONNECTION_ASKING] = step_asking,
        [CONNECTION_WRITING] = step_writing, [CONNECTION_LINGERING] = step_lingering,
        [CONNECTION_CLOSED] = step_closed,
};

/* ---- the drive ---- */

/* While the authority is asked, whatever comes from the caller can wait; a hang-up is reported all
 * the same. The watch is only changed when it would otherwise report in vain. */
static uint32_t wanted_events(const struct connection *connection) {
        if (connection->state == CONNECTION_WRITING)
                return EPOLLOUT;
        if (connection->state == CONNECTION_ASKING && connection->is_readable)
                return 0;
        return EPOLLIN;
}

static int watch_for_more(struct connection *connection) {
        uint32_t wanted = wanted_events(connection);

        if (wanted == connection->watch.events)
                return 0;
        return loop_rewatch(connection->frontend->loop, &connection->watch, wanted);
}

static void connection_free(struct connection *connection) {
        *connection->place = connection->next;
        if (connection->next)
                connection->next->place = connection->place;
        free(connection);
}

/* The authority learns of the end when nothing of it is pending there, so that no answer can cross
 * that news. Until then the connection stays charged to its peer. */
static void connection_end(struct connection *connection) {
        struct frontend *frontend = connection->frontend;
        uint32_t number = connection->request.number;

        loop_unwatch(frontend->loop, &connection->watch);
        loop_timer_unset(frontend->loop, &connection->deadline);
        closep(&connection->fd);
        request_clear(&connection->request);
        input_clear(&connection->input);
        connection->state = CONNECTION_CLOSED;
        if (connection->call.number)
                return;
        connection_free(connection);
        frontend_connection_ended(frontend, number);
}

static void connection_drive(struct connection *connection) {
        int r;

        do
                r = steps[connection->state](connection);
        while (r == 0);
        if (r == -EAGAIN)
                r = watch_for_more(connection);
        if (r < 0)
                connection_end(connection);
}

/* A hang-up is both directions at once: no answer has anywhere to go. */
static void connection_ready(void *context, uint32_t events) {
        struct connection *connection = context;

        connection->is_readable = true;
        if (connection->state == CONNECTION_ASKING && (events & (EPOLLHUP | EPOLLERR)))
                connection_end(connection);
        else
                connection_drive(connection);
}

static void connection_due(void *context) {
        struct connection *connection = context;
        struct request *request = &connection->request;
        int r = -ETIMEDOUT;

        switch (connection->state) {
        case CONNECTION_HEAD:
        case CONNECTION_BODY:
                request_refuse(request, 408, "request_timeout", "the request took too long");
                r = refuse_and_close(connection, -EBADMSG);
                break;
        case CONNECTION_ASKING:
                request_refuse(request, 503, "temporarily_unavailable", "try again");
                r = refuse_and_close(connection, -EBADMSG);
                break;
        case CONNECTION_IDLE:
        case CONNECTION_WRITING:
        case CONNECTION_LINGERING:
        case CONNECTION_CLOSED:
                break;
        }
        if (r < 0)
                connection_end(connection);
        else
                connection_drive(connection);
}

/* ---- from outside ---- */

static void connection_link(struct connection *connection) {
        struct connection **first = &connection->frontend->connections;

        connection->next = *first;
        connection->place = first;
        if (*first)
                (*first)->place = &connection->next;
        *first = connection;
}

int connection_open(struct frontend *frontend, const struct msg_connection *said, int fd) {
        _cleanup_(freep) struct connection *connection = calloc(1, sizeof *connection);
        int r;

        if (!connection)
                return -ENOMEM;
        connection->frontend = frontend;
        connection->fd = fd;
        connection->is_readable = true; /* most callers have sent something by now */
        connection->request = (struct request){
                .frontend = frontend,
                .connection = connection,
                .number = said->connection,
                .id = said->id,
                .class = frontend->settings.class,
        };
        r = set_deadline(connection, frontend->settings.idle_ms);
        if (r < 0)
                return r;
        r = loop_watch(frontend->loop, &connection->watch, fd, EPOLLIN, connection_ready,
                       connection);
        if (r < 0) {
                loop_timer_unset(frontend->loop, &connection->deadline);
                return r;
        }
        connection_link(connection);
        frontend->connection_count++;
        connection_drive(take(connection));
        return 0;
}

struct call *connection_call(struct connection *connection) {
        return &connection->call;
}

void connection_take_answer(struct connection *connection, call_finish *finish,
                            const union message *answer) {
        struct request *request = &connection->request;
        int r;

        if (connection->state == CONNECTION_ASKING) {
                if (connection->frontend->is_draining)
                        request->closes = true;
                r = finish ? finish(request, answer)
                           : request_reply_refused(request, &answer->answer_refused);
                if (r < 0)
                        request_fail(request, r);
                else if (connection_call(connection)->number != 0)
                        return; /* it has asked the next question */
                r = write_answer(connection);
                if (r < 0) {
                        connection_end(connection);
                        return;
                }
        }
        connection_drive(connection);
}

int connection_take_part(struct connection *connection, call_finish *take_part,
                         const union message *answer) {
        if (connection->state != CONNECTION_ASKING)
                return 0;
        return take_part(&connection->request, answer);
}

void connection_drain(struct connection *connection) {
        connection->request.closes = true;
        if (connection->state == CONNECTION_IDLE)
                connection_end(connection);
}
