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

/* A hash for which nobody waits: computed by an idle worker, or not at all. */
struct spare_job {
        const struct secret *password; /* borrowed, as the next: until it was heard */
        const char *setting;
        uint32_t done_by; /* the last worker that did one of it, which will not do another */
        /* What a worker computed, lent; or -errno, and there is nothing to come. */
        void (*heard)(struct spare_job *job, int r, struct text hash);
};

/* No worker has done one of it. */
#define SPARE_JOB_NEW UINT32_MAX

struct worker {
        struct link link;        /* first: a link of a worker is the worker */
        struct hash_job *job;    /* with it; NULL when idle */
        struct spare_job *spare; /* or this; owned by who is told */
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

/* Gives the job to an idle worker. 0; -EBUSY: there is none, other than the one that did the last;
 * other -errno. */
int workers_hash_spare(struct authority *authority, struct spare_job *job);

/* How many there are, are at work and are waited for: added to the words of counts.h. */
void workers_count(const struct workers *workers, uint64_t *counts);

/* The call ends: its job leaves the queue; a worker that is at it will be heard and ignored. */
void workers_forget(struct workers *workers, struct call *call);

#endif
