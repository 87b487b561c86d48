/* What units reads, it reads by number. Here the process is held by its pidfd: while that has not
 * ended, its number is nobody else's, so that what was read was of this process.
 *
 * While units is being replaced, a caller who can ask again is told to. systemd cannot: it would
 * start the service with an empty credential. Its question is kept for the next units; the call's
 * own deadline ends the wait. */
#include "units.h"

#include "peer_process.h"

#include <errno.h>

/* For the log too, which then says what was decided by. */
static struct text unit_take(struct connection *connection, struct text unit) {
        if (!peer_process_is_there(connection->process))
                return TEXT_NONE;
        if (text_copy(unit, connection->unit, sizeof connection->unit) < 0)
                connection->unit[0] = '\0';
        return unit;
}

static int unit_hear(struct authority *authority, const struct frame *frame) {
        struct call *call = connections_find_call(&authority->connections, frame->call);
        call_unit *then;
        int r;

        if (!call || !call->unit)
                return 0; /* its connection was closed meanwhile */
        then = call->unit;
        call->unit = NULL;
        r = then(call, unit_take(call->connection, frame->message.unit.unit));
        return r < 0 ? call_fail(call, r) : 0;
}

static int units_hear(struct authority *authority, struct link *link, struct frame *frame) {
        (void)link;
        if (frame->type == MSG_PROCESS)
                return peers_take_process(authority, frame);
        return unit_hear(authority, frame);
}

static bool may_ask_again(const struct call *call) {
        return !call->connection->is_credential;
}

static int unit_send(struct call *call) {
        struct msg_find_unit message = {.pid = (uint32_t)call->connection->peer.pid};
        int r = link_send(&call->authority->units, MSG_FIND_UNIT, call->serial, &message, -1);

        return r == -EPIPE && !may_ask_again(call) ? 0 : r;
}

static int unit_drop(struct call *call) {
        return call->unit && may_ask_again(call) ? -EPIPE : 0;
}

static void units_lost(struct authority *authority, struct link *link) {
        (void)link;
        authority->peers.pending_processes = 0;
        calls_each(authority, unit_drop);
}

static int unit_send_kept(struct call *call) {
        return call->unit ? unit_send(call) : 0;
}

int units_join(struct authority *authority, int fd) {
        int r = link_open(authority, &authority->units, fd, PROCESS_UNITS, 0, units_hear,
                          units_lost);

        if (r == 0)
                calls_each(authority, unit_send_kept);
        return r;
}

int units_ask(struct call *call, call_unit *then) {
        call->unit = then;
        return unit_send(call);
}
