/* PAM workers, seen from here: each is started for one question, by the parent, and is gone after
 * it. So many at a time, a queue before them; the parent keeps their deadline. */
#ifndef JETON_AUTHORITY_CONVERSATIONS_H
#define JETON_AUTHORITY_CONVERSATIONS_H

#include "budget.h"
#include "fair_queue.h"
#include "link.h"

#include <stdbool.h>
#include <stdint.h>

#define CONVERSATIONS_AT_ONCE 32

struct authority;
struct call;
struct conversation_job;

struct conversation_slot {
        struct link link;             /* first: a link of a PAM worker is its slot */
        struct conversation_job *job; /* asked for it, or with it */
        bool is_taken;                /* until the parent has said that the worker is gone */
        uint32_t pid;                 /* 0: none runs, as far as is known */
};

struct conversations {
        struct conversation_slot slots[CONVERSATIONS_AT_ONCE];
        struct fair_queue waiting; /* of jobs; each is owned by its call */
        struct budget budget;      /* of jobs, waiting or with a worker */
};

/* 0 or -ENOMEM. */
int conversations_init(struct conversations *conversations);

/* The parent brings the channel of a worker that was asked for. Takes over `fd`. 0 or -errno. */
int conversations_join(struct authority *authority, uint32_t instance, int fd);

/* A worker runs, or does not. 0; -EPROTO: nobody asked for it. */
int conversations_take_state(struct authority *authority, const struct msg_pam_state *state);

/* Asks the source with that number in the call's settings whether call->password is `username`'s,
 * who comes from `rhost`. Goes on in call->conversed. 0 or -errno; where whoever asks has too many
 * such already, the call is refused. */
int conversation_ask(struct call *call, uint32_t source, struct text username, struct text rhost);

/* The call ends: its job leaves the queue; a worker that is at it will be heard and ignored. */
void conversations_forget(struct call *call);

/* Whether a process is one of our PAM workers, which must not ask us in its turn: by a pid that is
 * not reused before the parent has reaped it. Used only to refuse. */
bool conversations_is_worker(const struct conversations *conversations, int32_t pid);

#endif
