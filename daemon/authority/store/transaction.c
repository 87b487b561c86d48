/* Transactions, with a savepoint for each of their parts. Knows nothing of what is written. */
#include "transaction.h"

#include "../../../common/cleanup.h"
#include "database.h"

static int run_alone(struct store *store, enum statement which, const char *doing) {
        _cleanup_statement_ sqlite3_stmt *statement = statement_borrow(store, which);

        return statement_run(store, statement, SQLITE_OK, doing);
}

/* A file that was renamed or removed still takes writes, and they would be lost with it. */
static int check_in_place(struct store *store) {
        int moved = 0;
        int code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

        if (code != SQLITE_OK)
                return store_fail(store, code, "looking whether the file is in its place");
        if (moved)
                return store_refuse(store, -EIO, STORE_FILE " was moved or removed while in use");
        return 0;
}

int transaction_begin(struct store *store, struct transaction **ret) {
        int r;

        r = check_in_place(store);
        if (r == 0)
                r = run_alone(store, STATEMENT_BEGIN, "beginning a change");
        if (r < 0)
                return r;
        store->transaction = (struct transaction){.store = store};
        *ret = &store->transaction;
        return 0;
}

/* A full disk, a failed write and want of memory make SQLite roll all of it back by itself
 * (sqlite.org/lang_transaction.html): then no savepoint is left. */
static int part_undo(struct transaction *transaction, int reason) {
        struct store *store = transaction->store;
        char sentence[STORE_ERROR_MAX];
        int r = reason;

        memcpy(sentence, store->error, sizeof sentence);
        if (!sqlite3_get_autocommit(store->db))
                r = run_alone(store, STATEMENT_SAVE_UNDO, "taking back a part of a change");
        if (r == 0)
                r = run_alone(store, STATEMENT_SAVE_KEEP, "taking back a part of a change");
        if (r < 0)
                transaction->error = r;
        /* What made us come here is the sentence to keep. */
        memcpy(store->error, sentence, sizeof sentence);
        return reason;
}

int transaction_try(struct transaction *transaction,
                    int (*write)(void *context, struct transaction *transaction), void *context) {
        struct store *store = transaction->store;
        int r;

        if (transaction->error)
                return transaction->error;
        r = run_alone(store, STATEMENT_SAVE, "beginning a part of a change");
        if (r < 0)
                return r;
        r = write(context, transaction);
        if (r < 0)
                return part_undo(transaction, r);
        return run_alone(store, STATEMENT_SAVE_KEEP, "ending a part of a change");
}

/* A commit whose sync failed is whole in the write-ahead log all the same, and the next start would
 * take it for a good one. Whatever is written next takes its place there: so this does, at once,
 * and need not reach the disk either. */
static void commit_overwrite(struct store *store) {
        char sentence[STORE_ERROR_MAX];

        if (!sqlite3_get_autocommit(store->db))
                return;
        memcpy(sentence, store->error, sizeof sentence);
        store_commit_nothing(store);
        memcpy(store->error, sentence, sizeof sentence);
}

int transaction_commit(struct transaction *transaction) {
        int r;

        if (transaction->error)
                return transaction->error;
        r = run_alone(transaction->store, STATEMENT_COMMIT, "committing a change");
        if (r < 0)
                commit_overwrite(transaction->store);
        return r;
}

void transaction_endp(struct transaction **transaction) {
        struct store *store = *transaction ? (*transaction)->store : NULL;
        char sentence[STORE_ERROR_MAX];

        if (!store || sqlite3_get_autocommit(store->db))
                return;
        memcpy(sentence, store->error, sizeof sentence);
        run_alone(store, STATEMENT_ROLLBACK, "taking back a change");
        memcpy(store->error, sentence, sizeof sentence);
}

struct store *transaction_store(const struct transaction *transaction) {
        return transaction->store;
}
