/* What a shared commit is worth on this machine: the same changes, each with a commit of its own
 * and many in one, side by side.
 *
 *         build/bench/commits [DIRECTORY]
 *
 * DIRECTORY, in which a database is made and removed again, says which disk is meant; without it,
 * the one of the working directory. The ratio is what to look at: figures of two runs differ by
 * what else the machine does.
 *
 * links: daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/transaction.c daemon/authority/store/migrate.c
 *        daemon/authority/store/user_row.c daemon/authority/store/users.c
 * needs: sqlite3 */
#include "../daemon/authority/store/transaction.h"
#include "../daemon/authority/store/users.h"

#include "../common/cleanup.h"
#include "../common/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Both ways in turns, so that what else goes on meets both. */
#define TURNS   20
#define CHANGES 64

static unsigned added;

static int change_write(void *context, struct transaction *transaction) {
        _cleanup_(user_freep) struct user *user = NULL;
        enum users_conflict conflict;
        char name[USER_NAME_MAX + 1];
        struct new_user new_user = {.roles = TEXT("bench"), .now = 1};

        (void)context;
        snprintf(name, sizeof name, "user%u", added++);
        new_user.name = text_of(name);
        return users_add(transaction, &new_user, &conflict, &user);
}

/* `together` of them in one commit. */
static int commit(struct store *store, size_t together) {
        _cleanup_transaction_ struct transaction *transaction = NULL;
        size_t i;
        int r;

        r = transaction_begin(store, &transaction);
        for (i = 0; r == 0 && i < together; i++)
                r = transaction_try(transaction, change_write, NULL);
        return r < 0 ? r : transaction_commit(transaction);
}

static int64_t now_us(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* CHANGES of them; how long they took. */
static int run(struct store *store, size_t together, int64_t *us) {
        int64_t begin = now_us();
        size_t done;
        int r = 0;

        for (done = 0; r == 0 && done < CHANGES; done += together)
                r = commit(store, together);
        *us += now_us() - begin;
        return r;
}

static int measure(struct store *store, size_t together) {
        int64_t alone_us = 0, together_us = 0;
        int turn, r = 0;

        for (turn = 0; r == 0 && turn < TURNS; turn++) {
                r = run(store, 1, &alone_us);
                if (r == 0)
                        r = run(store, together, &together_us);
        }
        if (r == 0)
                printf("%8zu %12.0f %12.0f %8.1f\n", together, (double)alone_us / (TURNS * CHANGES),
                       (double)together_us / (TURNS * CHANGES),
                       (double)alone_us / (double)together_us);
        return r;
}

static int measure_all(struct store *store) {
        static const size_t sizes[] = {1, 4, 16, 64};
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < CHANGES; i++)
                r = commit(store, 1); /* the log is written anew, not made longer, from here on */
        printf("together  alone (us)  shared (us)    ratio   for one change\n");
        for (i = 0; r == 0 && i < ELEMENTS(sizes); i++)
                r = measure(store, sizes[i]);
        return r;
}

static void files_remove(int dir_fd) {
        static const char *const names[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm"};
        size_t i;

        for (i = 0; i < ELEMENTS(names); i++)
                unlinkat(dir_fd, names[i], 0);
}

/* In a folder of its own within the working directory. */
static int measure_in(const char *directory, int dir_fd) {
        struct store *store = NULL;
        bool created;
        int r;

        r = store_open(dir_fd, &created, &store);
        if (r == 0)
                r = measure_all(store);
        if (r < 0)
                fprintf(stderr, "%s: %s\n", directory, store_error(store));
        store_free(store);
        files_remove(dir_fd);
        return r;
}

int main(int argc, char **argv) {
        char directory[] = "jeton-bench-XXXXXX";
        _cleanup_(closep) int parent_fd = -1, dir_fd = -1;
        int r;

        parent_fd = open(argc > 1 ? argv[1] : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent_fd >= 0 && fchdir(parent_fd) == 0 && mkdtemp(directory))
                dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0) {
                perror(argc > 1 ? argv[1] : ".");
                return EXIT_FAILURE;
        }
        r = measure_in(directory, dir_fd);
        unlinkat(parent_fd, directory, AT_REMOVEDIR);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
