/* A small cache of account names, and questions about peers. */
#include "peers.h"

#include "../../common/clock.h"
#include "authority.h"

#include <errno.h>
#include <string.h>

/* An account's name is asked for again after this; the old one holds until the answer. */
#define NAME_STALE_MS 60000

/* With as many questions on their way names, or units, is slow: callers stay without a name. */
#define PENDING_MAX 64

/* MSG_ACCOUNT that answers no call is about a peer. */
#define NO_CALL 0

static size_t place_of(uint32_t uid) {
        return uid % PEER_NAMES_MAX;
}

const char *peers_name(const struct peers *peers, uint32_t uid) {
        const struct peer_name *entry = &peers->names[place_of(uid)];

        return entry->is_known && entry->uid == uid ? entry->name : NULL;
}

uint64_t peers_share(const struct peers *peers, const struct peer *peer) {
        if (!peer->is_known)
                return BUDGET_WEB;
        return peer->uid == 0 || peers_name(peers, peer->uid) ? peer->uid : BUDGET_STRANGERS;
}

static bool ask(struct link *link, unsigned *pending, enum message_type type, uint64_t call,
                const void *message) {
        if (*pending >= PENDING_MAX || link_send(link, type, call, message, -1) < 0)
                return false;
        (*pending)++;
        return true;
}

/* Who has no account takes the place of nobody who has one: a user of many uids could otherwise
 * make us forget the others. */
void peers_ask_name(struct authority *authority, const struct peer *peer) {
        struct peer_name *entry = &authority->peers.names[place_of(peer->uid)];
        struct msg_find_uid message = {.uid = peer->uid};
        int64_t now_ms = clock_monotonic_ms();

        if (!peer->is_known)
                return;
        if (entry->uid != peer->uid && !entry->is_known)
                *entry = (struct peer_name){.uid = peer->uid};
        if (entry->uid == peer->uid && entry->stale_ms > now_ms)
                return;
        if (ask(&authority->names, &authority->peers.pending_names, MSG_FIND_UID, NO_CALL,
                &message) &&
            entry->uid == peer->uid)
                entry->stale_ms = now_ms + NAME_STALE_MS;
}

void peers_ask_process(struct authority *authority, const struct connection *connection) {
        struct msg_find_process message = {.pid = (uint32_t)connection->peer.pid};

        if (connection->peer.is_known)
                ask(&authority->units, &authority->peers.pending_processes, MSG_FIND_PROCESS,
                    connection->number, &message);
}

static void name_keep(struct authority *authority, const struct msg_account *account) {
        struct peer_name *entry = &authority->peers.names[place_of(account->uid)];

        if (!account->known) {
                if (entry->uid == account->uid)
                        entry->is_known = false;
                return;
        }
        *entry = (struct peer_name){
                .uid = account->uid,
                .is_known = true,
                .stale_ms = clock_monotonic_ms() + NAME_STALE_MS,
        };
        if (text_copy(account->name, entry->name, sizeof entry->name) < 0)
                entry->name[0] = '\0';
        connections_recharge(&authority->connections, account->uid);
}

static void process_keep(struct authority *authority, uint64_t number,
                         const struct msg_process *process) {
        struct connection *connection = connections_find(&authority->connections, number);

        if (!connection)
                return; /* closed meanwhile */
        text_copy(process->comm, connection->comm, sizeof connection->comm);
        text_copy(process->unit, connection->unit, sizeof connection->unit);
}

int peers_take_name(struct authority *authority, const struct frame *frame) {
        if (authority->peers.pending_names == 0)
                return -EPROTO;
        authority->peers.pending_names--;
        name_keep(authority, &frame->message.account);
        return 0;
}

int peers_take_process(struct authority *authority, const struct frame *frame) {
        if (authority->peers.pending_processes == 0)
                return -EPROTO;
        authority->peers.pending_processes--;
        process_keep(authority, frame->call, &frame->message.process);
        return 0;
}
