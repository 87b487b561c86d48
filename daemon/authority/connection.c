/* The table of open connections and the budgets that each is charged to. Does no I/O but closing
 * the sockets it still holds. */
#include "connection.h"

#include "../../common/cleanup.h"
#include "call.h"

#include <errno.h>

#define SLOT_NONE UINT32_MAX

static uint32_t slot_of(const struct connections *connections,
                        const struct connection *connection) {
        return (uint32_t)(connection - connections->slots);
}

/* Number 0 is nobody's: generations begin at 1 and skip 0. */
static uint16_t generation_next(uint16_t generation) {
        return generation == UINT16_MAX ? 1 : (uint16_t)(generation + 1);
}

int connections_init(struct connections *connections, uint32_t size) {
        uint32_t i;
        int r;

        r = budget_init(&connections->budget, size);
        if (r < 0)
                return r;
        connections->slots = calloc(size, sizeof *connections->slots);
        if (!connections->slots) {
                budget_clear(&connections->budget);
                return -ENOMEM;
        }
        for (i = 0; i < size; i++) {
                connections->slots[i].fd = -1;
                connections->slots[i].process = -1;
                connections->slots[i].next_free = i + 1 < size ? i + 1 : SLOT_NONE;
        }
        connections->size = size;
        connections->first_free = 0;
        return 0;
}

void connections_clear(struct connections *connections) {
        uint32_t i;

        for (i = 0; i < connections->size; i++) {
                call_free(take(connections->slots[i].call));
                closep(&connections->slots[i].fd);
                freep(&connections->slots[i].peer.groups);
                closep(&connections->slots[i].process);
        }
        freep(&connections->slots);
        budget_clear(&connections->budget);
        connections->size = 0;
}

int connections_add(struct connections *connections, const struct budget_limits *limits,
                    enum caller_class class, const struct peer *peer, uint64_t charged_to,
                    struct connection **ret) {
        struct connection *connection;
        int r;

        if (connections->first_free == SLOT_NONE)
                return -EDQUOT;
        r = budget_charge(&connections->budget, limits, charged_to);
        if (r < 0)
                return r;
        connection = &connections->slots[connections->first_free];
        connections->first_free = connection->next_free;
        connection->generation = generation_next(connection->generation);
        connection->number = slot_of(connections, connection) << 16 | connection->generation;
        connection->class = class;
        connection->peer = *peer;
        connection->charged_to = connection->share = charged_to;
        connection->is_credential = false;
        connection->questions = 0;
        connection->audited = 0;
        connection->comm[0] = '\0';
        connection->unit[0] = '\0';
        connection->remote[0] = '\0';
        *ret = connection;
        return 0;
}

void connections_recharge(struct connections *connections, uint32_t uid) {
        uint32_t i;

        for (i = 0; i < connections->size; i++) {
                struct connection *connection = &connections->slots[i];

                if (!connection->number || connection->peer.uid != uid ||
                    connection->charged_to != BUDGET_STRANGERS)
                        continue;
                budget_move(&connections->budget, BUDGET_STRANGERS, uid);
                connection->charged_to = connection->share = uid;
        }
}

int connection_charge_caller(struct connections *connections, const struct budget_limits *limits,
                             struct connection *connection) {
        int r;

        r = budget_move_within(&connections->budget, limits, connection->charged_to,
                               connection->share);
        if (r == 0)
                connection->charged_to = connection->share;
        return r;
}

void connection_return_caller(struct connections *connections, struct connection *connection) {
        if (!budget_is_web(connection->charged_to))
                return;
        budget_move(&connections->budget, connection->charged_to, BUDGET_WEB);
        connection->charged_to = BUDGET_WEB;
}

struct connection *connections_find(struct connections *connections, uint64_t number) {
        uint64_t slot = number >> 16;

        if (number == 0 || slot >= connections->size || connections->slots[slot].number != number)
                return NULL;
        return &connections->slots[slot];
}

void connections_remove(struct connections *connections, struct connection *connection) {
        closep(&connection->fd);
        closep(&connection->process);
        budget_return(&connections->budget, connection->charged_to);
        freep(&connection->peer.groups);
        connection->peer.group_count = 0;
        connection->number = 0;
        connection->next_free = connections->first_free;
        connections->first_free = slot_of(connections, connection);
}

/* Slot and generation: 48 bits, as many as a frame has. */
uint64_t connection_new_serial(struct connections *connections, struct connection *connection) {
        if (++connection->call_generation == 0)
                connection->call_generation = 1;
        return (uint64_t)slot_of(connections, connection) << 32 | connection->call_generation;
}

struct call *connections_find_call(struct connections *connections, uint64_t serial) {
        uint64_t slot = serial >> 32;
        struct call *call;

        if (slot >= connections->size)
                return NULL;
        call = connections->slots[slot].call;
        return call && call->serial == serial ? call : NULL;
}
