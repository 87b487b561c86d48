/* What peers are called: the accounts of their uids, their processes, as names and units say. They
 * are asked ahead and never waited for. For the log, and for telling uids that have an account from
 * the many that have none; no right depends on it. */
#ifndef JETON_AUTHORITY_PEERS_H
#define JETON_AUTHORITY_PEERS_H

#include "../privsep/channel.h"
#include "connection.h"

#define PEER_NAMES_MAX 1021
#define PEER_NAME_MAX  64

struct authority;

struct peers {
        struct peer_name {
                uint32_t uid;
                bool is_known;
                int64_t stale_ms;                  /* when it is asked for again */
                char name[PEER_NAME_MAX + 1];      /* empty: longer than that */
        } names[PEER_NAMES_MAX];                   /* by uid */
        unsigned pending_names, pending_processes; /* questions without an answer yet */
};

/* Whose share of the budgets a new connection is; on web.sock nobody's yet. Uids whose account is
 * not known have one together (a user may have thousands of uids of his own by subuid(5)).
 * Afterwards connections_recharge() follows what is heard. */
uint64_t peers_share(const struct peers *peers, const struct peer *peer);

/* Somebody connects: asks for his account's name, unless it is known well enough. Also where he is
 * refused, because the strangers' share is used up: he may be none, and come again. */
void peers_ask_name(struct authority *authority, const struct peer *peer);

/* A connection was accepted: asks what process that is. */
void peers_ask_process(struct authority *authority, const struct connection *connection);

/* Their answers. 0; -EPROTO: there was no question. */
int peers_take_name(struct authority *authority, const struct frame *frame);
int peers_take_process(struct authority *authority, const struct frame *frame);

/* The account's name, or NULL. */
const char *peers_name(const struct peers *peers, uint32_t uid);

#endif
