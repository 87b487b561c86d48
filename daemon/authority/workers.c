/* The pool of hash workers. Knows who is idle, who waits and who is late; knows nothing of users.
 */
#include "workers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "authority.h"
#include "call.h"

#include <errno.h>
#include <string.h>

/* The dearest setting that is accepted costs about half a second on a slow core. */
#define HASH_DEADLINE_MS 5000

/* A worker has seen this many passwords at most when it is replaced. */
#define JOBS_A_WORKER 1000

#define NO_WORKER UINT32_MAX

/* Jobs of everybody: more than the slowest machine does before the calls' deadline. */
#define JOBS_MAX 512

/* No call has this number. */
#define SPARE_CALL 0

struct hash_job {
        struct fair_entry entry; /* first: an entry of the queue is the job */
        uint64_t charged_to;
        struct call *call; /* borrowed: owns us; NULL once it has ended */
        char setting[SETTING_MAX];
        uint32_t not_by; /* a worker that must not do it */
        uint32_t done_by;
        bool with_worker;
};

int workers_init(struct workers *workers) {
        return budget_init(&workers->budget, JOBS_MAX);
}

static uint32_t worker_index(struct authority *authority, const struct worker *worker) {
        return (uint32_t)(worker - authority->workers.pool);
}

/* ---- the jobs ---- */

/* The first in turn that this worker may do. */
static struct hash_job *job_find_for(const struct workers *workers, uint32_t index) {
        struct hash_job *job = (struct hash_job *)workers->waiting.first;

        while (job && job->not_by == index)
                job = (struct hash_job *)job->entry.next;
        return job;
}

/* One for each call, as long as it lasts. 0; -EBUSY: too many of whoever asks; -ENOMEM. */
static int job_new(struct call *call, struct hash_job **ret) {
        struct workers *workers = &call->authority->workers;
        struct hash_job *job;
        int r = call_charge_job(call, &workers->budget);

        if (r < 0)
                return r;
        job = calloc(1, sizeof *job);
        if (!job) {
                budget_return(&workers->budget, call->connection->charged_to);
                return -ENOMEM;
        }
        job->charged_to = call->connection->charged_to;
        job->call = call;
        job->done_by = NO_WORKER;
        *ret = job;
        return 0;
}

static void job_free(struct workers *workers, struct hash_job *job) {
        budget_return(&workers->budget, job->charged_to);
        free(job);
}

/* ---- a worker at work ---- */

static void worker_overdue(void *context) {
        struct worker *worker = context;
        struct authority *authority = worker->link.authority;

        authority_overdue(authority, PROCESS_WORKER, worker_index(authority, worker));
}

/* Takes the job from the worker; NULL when its call has ended meanwhile. */
static struct call *worker_release(struct authority *authority, struct worker *worker) {
        struct hash_job *job = take(worker->job);
        struct call *call = job->call;

        loop_timer_unset(authority->loop, &worker->deadline);
        if (!call) {
                job_free(&authority->workers, job);
                return NULL;
        }
        job->with_worker = false;
        job->done_by = worker_index(authority, worker);
        return call;
}

static int worker_send(struct authority *authority, struct worker *worker) {
        struct hash_job *job = worker->job;
        struct msg_hash message = {
                .password = secret_text(job->call->password),
                .setting = text_of(job->setting),
                .username = text_of(job->call->new_hash.username),
                .old_password = secret_text(job->call->new_hash.old_password),
        };
        int r;

        r = loop_timer(authority->loop, &worker->deadline, clock_monotonic_ms() + HASH_DEADLINE_MS,
                       worker_overdue, worker);
        if (r < 0)
                return r;
        return link_send(&worker->link, MSG_HASH, job->call->serial, &message, -1);
}

static void worker_give(struct authority *authority, struct worker *worker, struct hash_job *job) {
        int r;

        job->with_worker = true;
        worker->job = job;
        r = worker_send(authority, worker);
        if (r < 0)
                call_fail(worker_release(authority, worker), r);
}

static bool worker_is_idle(const struct worker *worker) {
        return worker->link.up && !worker->job && !worker->spare && !worker->is_retiring;
}

static void workers_dispatch(struct authority *authority) {
        struct workers *workers = &authority->workers;
        uint32_t i;

        for (i = 0; i < WORKERS_MAX && workers->waiting.first; i++) {
                struct worker *worker = &workers->pool[i];
                struct hash_job *job;

                if (!worker_is_idle(worker))
                        continue;
                job = job_find_for(workers, i);
                if (!job)
                        continue;
                fair_queue_take(&workers->waiting, &job->entry);
                worker_give(authority, worker, job);
        }
}

static void worker_count(struct authority *authority, struct worker *worker) {
        uint32_t instance = worker_index(authority, worker);
        struct msg_retire message = {instance, authority->starts[PROCESS_WORKER][instance]};

        authority->counts[COUNT_HASHED]++;
        if (++worker->jobs_done < JOBS_A_WORKER)
                return;
        worker->is_retiring = true;
        authority_tell_parent(authority, MSG_RETIRE, &message);
}

/* ---- jobs for which nobody waits ---- */

static int spare_send(struct authority *authority, struct worker *worker,
                      const struct spare_job *job) {
        struct msg_hash message = {
                .password = secret_text(job->password),
                .setting = text_of(job->setting),
        };
        int r;

        r = loop_timer(authority->loop, &worker->deadline, clock_monotonic_ms() + HASH_DEADLINE_MS,
                       worker_overdue, worker);
        return r < 0 ? r : link_send(&worker->link, MSG_HASH, SPARE_CALL, &message, -1);
}

int workers_hash_spare(struct authority *authority, struct spare_job *job) {
        struct worker *pool = authority->workers.pool;
        uint32_t i = 0;
        int r;

        while (i < WORKERS_MAX && (i == job->done_by || !worker_is_idle(&pool[i])))
                i++;
        if (i == WORKERS_MAX)
                return -EBUSY;
        r = spare_send(authority, &pool[i], job);
        if (r < 0) {
                loop_timer_unset(authority->loop, &pool[i].deadline);
                return r;
        }
        job->done_by = i;
        pool[i].spare = job;
        return 0;
}

static int spare_take(struct authority *authority, struct worker *worker,
                      const struct frame *frame) {
        struct spare_job *job = take(worker->spare);

        loop_timer_unset(authority->loop, &worker->deadline);
        worker_count(authority, worker);
        if (frame->call != SPARE_CALL) {
                job->heard(job, -EPROTO, TEXT_NONE);
                return -EPROTO;
        }
        job->heard(job, 0, frame->message.hashed.hash);
        workers_dispatch(authority);
        return 0;
}

static int worker_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct worker *worker = (struct worker *)link;
        struct call *call;
        int r;

        if (worker->spare)
                return spare_take(authority, worker, frame);

        if (!worker->job)
                return -EPROTO; /* an answer to no question */
        call = worker_release(authority, worker);
        if (call && frame->call != call->serial) {
                call_fail(call, -EPIPE);
                return -EPROTO;
        }
        worker_count(authority, worker);
        if (call) {
                r = call->hashed(call, &frame->message.hashed);
                if (r < 0)
                        call_fail(call, r);
        }
        workers_dispatch(authority);
        return 0;
}

static void worker_lost(struct authority *authority, struct link *link) {
        struct worker *worker = (struct worker *)link;
        struct call *call = worker->job ? worker_release(authority, worker) : NULL;
        struct spare_job *spare = take(worker->spare);

        if (spare) {
                loop_timer_unset(authority->loop, &worker->deadline);
                spare->heard(spare, -EPIPE, TEXT_NONE);
        }

        if (call)
                call_fail(call, -EPIPE);
}

void workers_count(const struct workers *workers, uint64_t *counts) {
        const struct fair_entry *entry;
        uint32_t i;

        for (entry = workers->waiting.first; entry; entry = entry->next)
                counts[COUNT_JOBS + COUNTED_WAITING]++;
        for (i = 0; i < WORKERS_MAX; i++) {
                const struct worker *worker = &workers->pool[i];

                counts[COUNT_WORKERS] += worker->link.up;
                counts[COUNT_JOBS + COUNTED_RUNNING] += worker->job || worker->spare;
        }
}

int workers_join(struct authority *authority, uint32_t instance, int fd) {
        struct worker *worker;
        int r;

        if (instance >= WORKERS_MAX)
                return -EPROTO;
        worker = &authority->workers.pool[instance];
        r = link_open(authority, &worker->link, fd, PROCESS_WORKER, instance, worker_take,
                      worker_lost);
        if (r < 0)
                return r;
        worker->jobs_done = 0;
        worker->is_retiring = false;
        workers_dispatch(authority);
        return 0;
}

int workers_hash(struct call *call, const char *setting, bool other_than_last) {
        struct authority *authority = call->authority;
        struct hash_job *job;
        int r = call->job ? 0 : job_new(call, &call->job);

        if (r == -EBUSY)
                return call_refuse_busy(call);
        if (r < 0)
                return r;
        job = call->job;
        strncpy(job->setting, setting, sizeof job->setting - 1);
        job->not_by = other_than_last ? job->done_by : NO_WORKER;
        fair_queue_add(&authority->workers.waiting, &job->entry, job->charged_to);
        workers_dispatch(authority);
        return 0;
}

void workers_forget(struct workers *workers, struct call *call) {
        struct hash_job *job = take(call->job);

        if (!job)
                return;
        if (job->with_worker) {
                job->call = NULL; /* freed when the worker is heard or lost */
                return;
        }
        fair_queue_remove(&workers->waiting, &job->entry);
        job_free(workers, job);
}
