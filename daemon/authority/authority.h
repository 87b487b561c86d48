/* The authority's whole state, and the links to the processes around it. Each part has its own
 * file; this one only says what there is. */
#ifndef JETON_AUTHORITY_H
#define JETON_AUTHORITY_H

#include "commit.h"
#include "connection.h"
#include "conversations.h"
#include "gate.h"
#include "grid.h"
#include "issuers.h"
#include "link.h"
#include "login_session.h"
#include "peers.h"
#include "settings.h"
#include "workers.h"

#include "../../common/jwt/keyset.h"
#include "../../common/jwt/pages.h"
#include "../../common/jwt/revocations.h"
#include "../privsep/counts.h"
#include "../privsep/loop.h"
#include "store/store.h"

struct audit;
struct codes;

struct authority {
        struct loop *loop;
        struct channel control; /* the parent */
        struct watch control_watch;

        struct settings *settings; /* in force */
        struct settings *incoming; /* being sent by the parent; in force at MSG_GO */

        int db_dir, tokens_dir, keys_page_fd, filter_fd;
        int status_page_fd;
        struct status_page *status_page; /* mapped */
        struct revocations revocations;  /* all that are live: the page may hold fewer */
        struct revocations revoking;     /* written, and not yet committed */
        bool revocations_are_old;        /* they are to be read from the database */
        bool status_is_old;              /* so is what the page is made of */
        bool status_is_full;             /* more is revoked than the page holds */
        uint64_t full_questions;         /* that came here for that reason */
        int64_t horizon;         /* when what earlier settings let live longer has expired */
        uint64_t revoked_serial; /* counts revocations */
        int64_t latest_birth;    /* the highest iat of a token so far; on the page too */
        struct timer sweep;
        struct commit sweeping;
        int64_t next_grace; /* when there is something to sweep again */
        struct store *store;
        bool store_is_new;
        struct commits commits;

        struct login_sessions logins;

        struct keyset *keyset; /* owned; of the keys page */

        struct listener {
                struct authority *authority; /* borrowed: it holds us */
                int fd;
                enum listener_kind {
                        LISTENER_LOCAL,       /* jeton.sock */
                        LISTENER_WEB,         /* web.sock */
                        LISTENER_CREDENTIALS, /* credentials.sock: credential.h */
                        LISTENER_COUNT,
                } kind;
                struct watch watch;
                struct timer pause; /* out of descriptors: look again later */
        } listeners[LISTENER_COUNT];
        uint32_t overflow_uid, overflow_gid;

        uint64_t counts[COUNTS_OF_AUTHORITY];        /* nobody else sees them here */
        const uint64_t *counts_pages[COUNTS_SHARED]; /* mapped; of the others */
        struct audit *audit;
        struct gate gate;
        struct grid grid;
        struct codes *codes;

        struct connections connections;
        struct peers peers;
        struct budget calls; /* pending */
        struct link frontends[CLASS_COUNT];
        uint32_t starts[PROCESS_COUNT][WORKERS_MAX]; /* of those whose channels these are */
        struct link signer;
        struct link names;
        struct link units;
        struct issuers issuers;
        struct workers workers;
        struct conversations conversations;

        bool draining;
        int exit_status;
};

/* Tells the parent, who reads at once or is stuck: then nothing works any more, and we give up. */
void authority_tell_parent(struct authority *authority, enum message_type type,
                           const void *message);

/* Tells the parent that this process broke the rules, and takes no more from it. */
void authority_breach(struct authority *authority, enum process process, uint32_t instance);

/* The same of one that hangs. */
void authority_overdue(struct authority *authority, enum process process, uint32_t instance);

/* Nothing can be decided any more: the loop ends and the parent starts all anew. */
void authority_give_up(struct authority *authority);

#endif
