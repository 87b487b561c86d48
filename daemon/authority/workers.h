/* The pool of hash workers: one password at a time each, a queue before them, a deadline behind
 * them. */
#ifndef JETON_AUTHORITY_WORKERS_H
#define JETON_AUTHORITY_WORKERS_H

#include "budget.h"
#include "fair_queue.h"
#include "link.h"

#include <stdint.h>

#define WORKERS_MAX 64

struct authority;
struct call;
struct hash_job;

struct worker {
        struct link link;     /* first: a link of a worker is the worker */
        struct hash_job *job; /* with it; NULL when idle */
        struct timer deadline;
        uint32_t jobs_done;
        bool is_retiring; /* the parent was asked for a new one */
};

struct workers {
        struct worker pool[WORKERS_MAX];
        struct fair_queue waiting; /* of jobs; each is owned by its call */
        struct budget budget;      /* of jobs, waiting or with a worker */
};

/* 0 or -ENOMEM. */
int workers_init(struct workers *workers);

/* The parent brings a worker, new or in place of an old one. Takes over `fd`. 0 or -errno. */
int workers_join(struct authority *authority, uint32_t instance, int fd);

/* Asks for the hash of the call's password under `setting` (lent; the call keeps it), and goes on
 * in call->hashed. With `other_than_last` by another worker than the one before. 0 or -errno; where
 * whoever asks has too many such already, the call is refused. */
int workers_hash(struct call *call, const char *setting, bool other_than_last);

/* The call ends: its job leaves the queue; a worker that is at it will be heard and ignored. */
void workers_forget(struct workers *workers, struct call *call);

#endif
