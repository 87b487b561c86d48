/* The frontend's whole state. Each part has its own file; this one only says what there is. */
#ifndef JETON_FRONTEND_H
#define JETON_FRONTEND_H

#include "../privsep/channel.h"
#include "../privsep/loop.h"
#include "call.h"
#include "keys.h"
#include "tally.h"

#include "../../common/jwt/revocations.h"

struct connection;
struct request;

struct frontend {
        struct loop *loop;
        struct channel control; /* the parent */
        struct watch control_watch;
        struct channel authority;
        struct watch authority_watch;

        struct msg_setup_frontend settings; /* in force */
        struct msg_setup_frontend incoming; /* being sent by the parent; in force at MSG_GO */

        struct tally *tally; /* mapped: what this process counts */
        struct keys keys;
        int status_page_fd;             /* owned */
        struct revocations revocations; /* of the status page */
        struct calls calls;
        struct connection *connections; /* owned */
        uint32_t connection_count;

        int64_t log_second; /* the lines about refused and failed requests in this second, */
        unsigned log_lines; /* and how many there were */

        bool is_draining;
        struct timer drain_deadline;
        int exit_status;
};

/* setup.c: what the parent sends. A child_setup function, before GO and again at a reload. */
int frontend_take_setup(void *context, struct frame *frame);
/* 0, or -EINVAL, logged, when something is missing. */
int frontend_apply_setup(struct frontend *frontend);

/* control.c: the parent's channel while running. 0 or -errno. */
int frontend_watch_control(struct frontend *frontend);

/* authority.c: the authority's channel. 0 or -errno. */
int frontend_watch_authority(struct frontend *frontend);
/* 0; -EMSGSIZE: nothing was sent; other -errno: the authority is gone and the loop ends. */
int frontend_tell_authority(struct frontend *frontend, enum message_type type, uint64_t call,
                            const void *message);
/* The connection of that number is gone: the authority is told; when draining, the last one ends
 * the process. */
void frontend_connection_ended(struct frontend *frontend, uint32_t number);

/* fault.c: whether one more line about a request may be written. The number of each second is
 * bounded. */
bool frontend_may_log(struct frontend *frontend);
/* One such line, for a refused request. */
void frontend_log_fault(struct frontend *frontend, const struct request *request);

#endif
