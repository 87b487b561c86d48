/* A change of the database: all of it on the disk, or nothing of it done. Whatever writes takes one
 * as its first argument, and whoever reads without one sees committed state only: nobody reads
 * while one is open. */
#ifndef JETON_STORE_TRANSACTION_H
#define JETON_STORE_TRANSACTION_H

#include "store.h"

struct transaction;

/* Begins one; there is none open. 0 or -errno, with a sentence; -EIO when the file has been taken
 * away from under us. */
int transaction_begin(struct store *store, struct transaction **ret);

/* Runs a part of it that is taken back, alone, when it fails. What the part returns; when SQLite
 * has given up the whole transaction with it, transaction_commit() will say so. */
int transaction_try(struct transaction *transaction,
                    int (*write)(void *context, struct transaction *transaction), void *context);

/* On the disk when it returns 0. -errno, with a sentence: nothing of it is. */
int transaction_commit(struct transaction *transaction);

/* Takes back what was not committed. *transaction may be NULL. */
void transaction_endp(struct transaction **transaction);

#define _cleanup_transaction_ __attribute__((cleanup(transaction_endp)))

/* What is being written to, for reads that are to see it as it is in between. */
struct store *transaction_store(const struct transaction *transaction);

#endif
