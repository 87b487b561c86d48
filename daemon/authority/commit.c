/* One transaction for all changes that became ready in the same turn of the loop.
 *
 * They are collected by a timer that is due at once: timers run after the turn's events. While a
 * commit waits for the disk more calls arrive, and are the next turn's: the busier it is, the more
 * changes share an fsync. Nobody is made to wait for company. */
#include "commit.h"

#include "../../common/clock.h"
#include "../../common/log.h"
#include "authority.h"
#include "sessions.h"

#include <errno.h>

void commits_init(struct commits *commits) {
        *commits = (struct commits){.last = &commits->first};
}

/* ---- the list ---- */

static void list_append(struct commits *commits, struct commit *commit) {
        commit->next = NULL;
        commit->place = commits->last;
        *commits->last = commit;
        commits->last = &commit->next;
}

static void list_remove(struct commits *commits, struct commit *commit) {
        *commit->place = commit->next;
        if (commit->next)
                commit->next->place = commit->place;
        if (commits->last == &commit->next)
                commits->last = commit->place;
        commit->waits = false;
}

/* All of it, with a new beginning; what comes meanwhile is for the next commit. */
static void list_take(struct commits *commits, struct commit **ret) {
        *ret = commits->first;
        if (*ret)
                (*ret)->place = ret;
        commits->first = NULL;
        commits->last = &commits->first;
}

/* ---- writing ---- */

static size_t write_each(struct commit *first, struct transaction *transaction) {
        struct commit *commit;
        size_t count = 0;

        for (commit = first; commit; commit = commit->next) {
                commit->result = transaction_try(transaction, commit->write, commit->context);
                count++;
        }
        return count;
}

static int write_all(struct authority *authority, struct commit *first) {
        _cleanup_transaction_ struct transaction *transaction = NULL;
        size_t count;
        int r;

        r = transaction_begin(authority->store, &transaction);
        if (r < 0)
                return r;
        count = write_each(first, transaction);
        r = transaction_commit(transaction);
        if (r == 0)
                log_debug("%zu changes in one commit", count);
        return r;
}

/* Whoever is told may try again: the reason is ours, and for the log. */
static int reason_for_all(int error) {
        return error == -ENOSPC || error == -EDQUOT || error == -EROFS ? error : -EBUSY;
}

static int write_and_follow(struct authority *authority, struct commit *first) {
        int r;

        r = write_all(authority, first);
        if (r < 0) {
                log_error("nothing is stored just now: %s", store_error(authority->store));
                sessions_drop(authority);
                return reason_for_all(r);
        }
        r = sessions_follow(authority);
        if (r < 0)
                log_error("what was committed is not published yet: %s", strerror(-r));
        return r < 0 ? reason_for_all(r) : 0;
}

/* ---- from the first wish to the end ---- */

static void commits_due(void *context) {
        commit_all(context);
}

int commit_ask(struct authority *authority, struct commit *commit, commit_write *write,
               commit_then *then, void *context) {
        struct commits *commits = &authority->commits;
        int r;

        if (commit->waits)
                return 0;
        if (!commits->first) {
                r = loop_timer(authority->loop, &commits->due, clock_monotonic_ms(), commits_due,
                               authority);
                if (r < 0)
                        return r;
        }
        *commit = (struct commit){.write = write, .then = then, .context = context, .waits = true};
        list_append(commits, commit);
        return 0;
}

void commit_forget(struct authority *authority, struct commit *commit) {
        if (commit->waits)
                list_remove(&authority->commits, commit);
}

/* Who goes on may ask for more, and may end, itself and others. */
void commit_all(struct authority *authority) {
        struct commit *first, *commit;
        int r;

        loop_timer_unset(authority->loop, &authority->commits.due);
        list_take(&authority->commits, &first);
        if (!first)
                return;
        r = write_and_follow(authority, first);
        while ((commit = first)) {
                list_remove(&authority->commits, commit);
                commit->then(commit->context, r < 0 ? r : commit->result);
        }
}

int commit_alone(struct authority *authority, commit_write *write, void *context) {
        struct commit commit = {.write = write, .context = context};
        int r;

        r = write_and_follow(authority, &commit);
        return r < 0 ? r : commit.result;
}
