/* The connections that were accepted and not yet closed: who is at the other end, by the kernel's
 * word, which frontend reads it, and the one call that may be in flight on it. */
#ifndef JETON_AUTHORITY_CONNECTION_H
#define JETON_AUTHORITY_CONNECTION_H

#include "../privsep/message.h"
#include "budget.h"

#include <stdbool.h>
#include <stdint.h>

struct call;

struct peer {
        uint32_t uid, gid; /* at connect(2), effective */
        int32_t pid;      /* for the log, to ask units by, where the pidfd says whether it was still
                           * this one's, and to know a PAM worker; it gives no right */
        bool is_known;    /* false on web.sock, where the peer is the proxy */
        uint32_t *groups; /* that one and the supplementary, at connect(2), without the overflow
                           * gid, which is no group; owned; NULL: none */
        size_t group_count;
        struct text unit; /* of systemd, where a rule asks for it; lent; empty: none, or unknown */
};

struct connection {
        uint32_t number;    /* slot and generation; 0 when the slot is free */
        uint64_t id;        /* random: what audit lines call it */
        uint32_t questions; /* heard on it */
        uint32_t audited;   /* the last of those that has its audit line */
        uint16_t generation;
        uint32_t call_generation; /* an answer that was long on its way finds no later call */
        enum caller_class class;
        struct peer peer;
        char comm[COMM_MAX + 1], unit[UNIT_MAX + 1]; /* for the log: peers.h */
        /* Of who asks now, where the peer is a proxy, by its word; "" where it said none. */
        char remote[REMOTE_MAX + 1];
        uint64_t charged_to; /* whose share of the budgets this is: peers_share() */
        uint64_t share;      /* whose it should be, where that is another's than the proxy's */
        int fd;              /* the socket until a frontend has it, then -1 */
        int process;         /* pidfd of the peer, where it may open sessions or a rule for its uid
                              * names a unit; otherwise -1 */
        bool is_credential;  /* no frontend reads it, it gets one token and ends: credential.h */
        struct call *call;   /* in flight; owned */
        uint32_t next_free;
};

struct connections {
        struct connection *slots;
        uint32_t size, first_free;
        struct budget budget;
};

/* `size` slots, 65,535 at most. 0 or -ENOMEM. */
int connections_init(struct connections *connections, uint32_t size);
void connections_clear(struct connections *connections);

/* Takes a slot and, when that is done, the peer's groups. 0; -EDQUOT: that uid's, or everybody's,
 * budget is used up. */
int connections_add(struct connections *connections, const struct budget_limits *limits,
                    enum caller_class class, const struct peer *peer, uint64_t charged_to,
                    struct connection **ret);

/* That uid has an account: what it holds of the strangers' share is its own from now on, be it more
 * than that allows. */
void connections_recharge(struct connections *connections, uint32_t uid);

/* Whoever asks on it now, by the proxy's word, has it charged to his address: 0; -EDQUOT: he has as
 * many as he may, and it stays charged as it is. */
int connection_charge_caller(struct connections *connections, const struct budget_limits *limits,
                             struct connection *connection);

/* He has his answer: for how long a proxy keeps its connection is not his doing. */
void connection_return_caller(struct connections *connections, struct connection *connection);

/* NULL when no such connection is open. */
struct connection *connections_find(struct connections *connections, uint64_t number);

/* Frees the slot; its call must have ended. */
void connections_remove(struct connections *connections, struct connection *connection);

/* A number for a call on this connection, which connections_find_call() takes back to it. */
uint64_t connection_new_serial(struct connections *connections, struct connection *connection);

/* The call in flight that has this serial, or NULL. */
struct call *connections_find_call(struct connections *connections, uint64_t serial);

#endif
