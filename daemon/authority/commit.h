/* What is to be stored waits for the end of the turn, and all of it shares one commit, so one
 * fsync. The order is always: commit, memory, status page, and only then whoever waits for it goes
 * on.
 *
 * Nothing is written before: until the commit begins, everybody reads committed state. */
#ifndef JETON_AUTHORITY_COMMIT_H
#define JETON_AUTHORITY_COMMIT_H

#include "../privsep/loop.h"
#include "store/transaction.h"

struct authority;

/* Writes one change, in a savepoint of its own: what it returns below 0 takes back this change and
 * no other. It may see what others of the same commit have written, so whatever follows from what
 * it sees is told when all of it is committed. */
typedef int commit_write(void *context, struct transaction *transaction);

/* r is 0: the change is on the disk, in memory and on the page. Otherwise it is not stored: for the
 * reason that write() gave, or because the commit failed, which is a reason for a 503. */
typedef void commit_then(void *context, int r);

/* Embedded in what is to be stored; zeroed before. */
struct commit {
        commit_write *write;
        commit_then *then;
        void *context;
        int result;
        bool waits; /* for its commit */
        struct commit *next, **place;
};

struct commits {
        struct commit *first, **last; /* borrowed; in the order in which they came */
        struct timer due;
};

void commits_init(struct commits *commits);

/* Asks for one more; one that waits already is fine. 0 or -ENOMEM: then it never comes to pass. */
int commit_ask(struct authority *authority, struct commit *commit, commit_write *write,
               commit_then *then, void *context);

/* Whoever asked is gone: nothing is written for him. One that does not wait is fine. */
void commit_forget(struct authority *authority, struct commit *commit);

/* Commits what waits, now. */
void commit_all(struct authority *authority);

/* Commits one change alone, now: when the process starts or ends, for nobody who waits. 0 or
 * -errno. */
int commit_alone(struct authority *authority, commit_write *write, void *context);

#endif
